-- purpose: text search templates
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_ts_template
-- kind: text search template
select
  t.oid,
  t.tmplnamespace as namespace,
  t.tmplname as name,
  nullif(t.tmplinit, 0)::regproc::text as init,
  t.tmpllexize::regproc::text as lexize
from pg_catalog.pg_ts_template as t
where {{user t}}
order by t.oid
