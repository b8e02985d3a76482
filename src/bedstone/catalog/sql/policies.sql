-- purpose: row security policies
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_policy
-- kind: policy
select
  p.oid,
  p.polrelid as relation,
  p.polname as name,
  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
    when 'd' then 'delete' else 'all' end as command,
  p.polpermissive as permissive,
  array(
    select case r.oid when 0 then 'public' else pg_catalog.pg_get_userbyid(r.oid)::text end
    from unnest(p.polroles) as r (oid)
    order by 1
  ) as roles,
  pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
  pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check"
from pg_catalog.pg_policy as p
where {{user p}} and {{lasting p.polrelid}}
order by p.oid
