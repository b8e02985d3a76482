-- purpose: base types, and shell types that are declared only
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_type
select
  t.oid,
  case when t.typisdefined then 'base type' else 'shell type' end as kind,
  t.typnamespace as namespace,
  t.typname as name,
  pg_catalog.pg_get_userbyid(t.typowner) as owner,
  coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) as acl,
  nullif(t.typinput, 0)::regproc::text as input,
  nullif(t.typoutput, 0)::regproc::text as output,
  nullif(t.typreceive, 0)::regproc::text as receive,
  nullif(t.typsend, 0)::regproc::text as send,
  nullif(t.typmodin, 0)::regproc::text as typmod_in,
  nullif(t.typmodout, 0)::regproc::text as typmod_out,
  nullif(t.typanalyze, 0)::regproc::text as analyze,
  nullif(t.typsubscript, 0)::regproc::text as subscript,
  t.typlen as length,
  t.typbyval as by_value,
  t.typalign::text as alignment,
  t.typstorage::text as storage,
  t.typcategory::text as category,
  t.typispreferred as preferred,
  t.typdefault as "default",
  nullif(t.typelem, 0)::regtype::text as element,
  t.typdelim::text as delimiter,
  t.typcollation <> 0 as collatable
from pg_catalog.pg_type as t
where (t.typtype = 'b' or not t.typisdefined)
  and {{user t}}
  and not exists (
    select from pg_catalog.pg_type as e where e.oid = t.typelem and e.typarray = t.oid
  )
  and {{not member pg_type t}}
order by t.oid
