-- purpose: enumerated types with their labels in order
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_type
-- kind: enum
select
  t.oid,
  t.typnamespace as namespace,
  t.typname as name,
  pg_catalog.pg_get_userbyid(t.typowner) as owner,
  coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) as acl,
  array(
    select e.enumlabel::text
    from pg_catalog.pg_enum as e
    where e.enumtypid = t.oid
    order by e.enumsortorder
  ) as labels
from pg_catalog.pg_type as t
where t.typtype = 'e' and {{user t}}
order by t.oid
