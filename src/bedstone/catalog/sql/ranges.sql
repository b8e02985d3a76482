-- purpose: range types with their multiranges
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_type
-- kind: range
select
  t.oid,
  t.typnamespace as namespace,
  t.typname as name,
  pg_catalog.pg_get_userbyid(t.typowner) as owner,
  coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) as acl,
  pg_catalog.format_type(r.rngsubtype, null) as subtype,
  m.typname as multirange,
  case when not o.opcdefault then quote_ident(n.nspname) || '.' || quote_ident(o.opcname) end
    as operator_class,
  case when r.rngcollation <> s.typcollation then r.rngcollation::regcollation::text end as collation,
  nullif(r.rngcanonical, 0)::regproc::text as canonical,
  nullif(r.rngsubdiff, 0)::regproc::text as subtype_diff
from pg_catalog.pg_range as r
join pg_catalog.pg_type as t on t.oid = r.rngtypid
join pg_catalog.pg_type as s on s.oid = r.rngsubtype
join pg_catalog.pg_type as m on m.oid = r.rngmultitypid
join pg_catalog.pg_opclass as o on o.oid = r.rngsubopc
join pg_catalog.pg_namespace as n on n.oid = o.opcnamespace
where {{user t}}
order by t.oid
