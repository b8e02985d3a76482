-- purpose: schemas, the system's own among them
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_namespace
-- kind: schema
select
  n.oid,
  n.nspname as name,
  pg_catalog.pg_get_userbyid(n.nspowner) as owner,
  coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) as acl
from pg_catalog.pg_namespace as n
order by n.nspname
