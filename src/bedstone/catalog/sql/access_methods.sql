-- purpose: access methods of tables and indexes
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_am
-- kind: access method
select
  a.oid,
  a.amname as name,
  case a.amtype when 't' then 'table' else 'index' end as type,
  a.amhandler::regproc::text as handler
from pg_catalog.pg_am as a
where {{user a}}
order by a.oid
