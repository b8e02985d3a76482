-- purpose: extensions
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_extension
-- kind: extension
select
  e.oid,
  e.extname as name,
  e.extversion as version,
  n.nspname as schema
from pg_catalog.pg_extension as e
join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
order by e.extname
