-- purpose: foreign servers
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_foreign_server
-- kind: server
select
  s.oid,
  s.srvname as name,
  pg_catalog.pg_get_userbyid(s.srvowner) as owner,
  coalesce(s.srvacl, pg_catalog.acldefault('S', s.srvowner)) as acl,
  f.fdwname as wrapper,
  s.srvtype as type,
  s.srvversion as version,
  s.srvoptions as foreign_options
from pg_catalog.pg_foreign_server as s
join pg_catalog.pg_foreign_data_wrapper as f on f.oid = s.srvfdw
where {{user s}}
order by s.oid
