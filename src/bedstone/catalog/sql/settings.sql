-- purpose: settings of this database, for all roles or for one
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_db_role_setting
-- kind: setting
select
  split_part(s.setting, '=', 1) as name,
  case when c.setrole <> 0 then pg_catalog.pg_get_userbyid(c.setrole) end as parent,
  substr(s.setting, strpos(s.setting, '=') + 1) as value
from pg_catalog.pg_db_role_setting as c
cross join lateral unnest(c.setconfig) as s (setting)
where c.setdatabase = (
  select d.oid from pg_catalog.pg_database as d where d.datname = current_database()
)
order by parent, name
