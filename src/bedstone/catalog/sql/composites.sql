-- purpose: composite types made by CREATE TYPE
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_type
-- kind: composite
select
  t.oid,
  c.oid as relid,
  t.typnamespace as namespace,
  t.typname as name,
  pg_catalog.pg_get_userbyid(t.typowner) as owner,
  coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) as acl
from pg_catalog.pg_class as c
join pg_catalog.pg_type as t on t.oid = c.reltype
where c.relkind = 'c' and {{user c}}
order by t.oid
