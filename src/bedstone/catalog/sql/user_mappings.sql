-- purpose: user mappings; the options as far as the role may see them
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_user_mapping
-- kind: user mapping
select
  m.umid as oid,
  m.usename as name,
  m.srvname as parent,
  m.umoptions as foreign_options
from pg_catalog.pg_user_mappings as m
where m.umid >= 16384
order by m.umid
