-- purpose: default privileges of later objects
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_default_acl
-- kind: default privileges
select
  d.oid,
  nullif(d.defaclnamespace, 0) as namespace,
  pg_catalog.pg_get_userbyid(d.defaclrole) as name,
  case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
    when 'T' then 'types' when 'n' then 'schemas' when 'L' then 'large objects'
    else d.defaclobjtype::text end as parent,
  d.defaclacl as acl
from pg_catalog.pg_default_acl as d
order by d.oid
