-- purpose: text search configurations with the dictionaries of each token type
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_ts_config
-- kind: text search configuration
select
  c.oid,
  c.cfgnamespace as namespace,
  c.cfgname as name,
  pg_catalog.pg_get_userbyid(c.cfgowner) as owner,
  quote_ident(n.nspname) || '.' || quote_ident(p.prsname) as parser,
  array(
    select t.alias || ' ' || string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno)
    from pg_catalog.pg_ts_config_map as m
    join pg_catalog.ts_token_type(c.cfgparser) as t on t.tokid = m.maptokentype
    where m.mapcfg = c.oid
    group by t.alias
    order by t.alias collate "C"
  ) as mappings
from pg_catalog.pg_ts_config as c
join pg_catalog.pg_ts_parser as p on p.oid = c.cfgparser
join pg_catalog.pg_namespace as n on n.oid = p.prsnamespace
where {{user c}}
order by c.oid
