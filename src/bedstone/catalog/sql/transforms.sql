-- purpose: transforms between a type and a language
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_transform
-- kind: transform
select
  t.oid,
  pg_catalog.format_type(t.trftype, null) || ' LANGUAGE ' || quote_ident(l.lanname) as name,
  nullif(t.trffromsql, 0)::regprocedure::text as from_sql,
  nullif(t.trftosql, 0)::regprocedure::text as to_sql
from pg_catalog.pg_transform as t
join pg_catalog.pg_language as l on l.oid = t.trflang
where {{user t}}
order by t.oid
