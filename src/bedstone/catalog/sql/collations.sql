-- purpose: collations
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_collation
-- kind: collation
select
  c.oid,
  c.collnamespace as namespace,
  c.collname as name,
  pg_catalog.pg_get_userbyid(c.collowner) as owner,
  case c.collprovider when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin'
    else c.collprovider::text end as provider,
  c.collisdeterministic as deterministic,
  nullif(c.collencoding, -1) as encoding,
  c.collcollate::text as lc_collate,
  c.collctype::text as lc_ctype,
  {{17: c.colllocale | c.colliculocale}}::text as locale,
  {{16: c.collicurules::text | null::text}} as rules,
  c.collversion::text as version
from pg_catalog.pg_collation as c
where {{user c}}
order by c.oid
