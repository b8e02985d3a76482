-- purpose: domains
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_type
-- kind: domain
select
  t.oid,
  n.oid as alias,
  t.typnamespace as namespace,
  t.typname as name,
  pg_catalog.pg_get_userbyid(t.typowner) as owner,
  coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) as acl,
  pg_catalog.format_type(t.typbasetype, t.typtypmod) as type,
  case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end as collation,
  pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::regclass) as "default",
  t.typnotnull as not_null,
  nullif(n.conname, {{clip t.typname to 54}} || '_not_null') as not_null_name
from pg_catalog.pg_type as t
join pg_catalog.pg_type as b on b.oid = t.typbasetype
left join pg_catalog.pg_constraint as n on n.contypid = t.oid and n.contype = 'n'
where t.typtype = 'd' and {{user t}}
order by t.oid
