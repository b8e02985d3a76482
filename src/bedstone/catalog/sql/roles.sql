-- purpose: roles, with what each is a member of
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_authid
-- kind: role
select
  r.oid,
  r.rolname as name,
  r.rolsuper as superuser,
  r.rolinherit as inherit,
  r.rolcreaterole as create_role,
  r.rolcreatedb as create_database,
  r.rolcanlogin as login,
  r.rolreplication as replication,
  r.rolbypassrls as bypass_row_security,
  nullif(r.rolconnlimit, -1) as connection_limit,
  r.rolvaliduntil::text as valid_until,
  array(
    select quote_ident(g.rolname)
      || case when m.admin_option then ' with admin' else '' end
      || {{16: case when m.inherit_option = r.rolinherit then '' when m.inherit_option then ' with inherit'
        else ' without inherit' end || case when m.set_option then '' else ' without set' end | ''}}
    from pg_catalog.pg_auth_members as m
    join pg_catalog.pg_roles as g on g.oid = m.roleid
    where m.member = r.oid
    order by 1
  ) as member_of,
  (
    select array_agg(s.setting order by s.setting)
    from pg_catalog.pg_db_role_setting as c
    cross join lateral unnest(c.setconfig) as s (setting)
    where c.setdatabase = 0 and c.setrole = r.oid
  ) as settings
from pg_catalog.pg_roles as r
where r.rolname !~ '^pg_'
order by r.rolname
