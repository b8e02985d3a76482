-- purpose: text search dictionaries
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_ts_dict
-- kind: text search dictionary
select
  d.oid,
  d.dictnamespace as namespace,
  d.dictname as name,
  pg_catalog.pg_get_userbyid(d.dictowner) as owner,
  quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) as template,
  d.dictinitoption as options
from pg_catalog.pg_ts_dict as d
join pg_catalog.pg_ts_template as t on t.oid = d.dicttemplate
join pg_catalog.pg_namespace as n on n.oid = t.tmplnamespace
where {{user d}}
order by d.oid
