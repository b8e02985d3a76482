-- purpose: functions, window functions and procedures
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_proc
select
  p.oid,
  case p.prokind when 'p' then 'procedure' else 'function' end as kind,
  p.pronamespace as namespace,
  p.proname as name,
  pg_catalog.oidvectortypes(p.proargtypes) as parent,
  pg_catalog.pg_get_userbyid(p.proowner) as owner,
  coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) as acl,
  pg_catalog.pg_get_function_arguments(p.oid) as arguments,
  pg_catalog.pg_get_function_result(p.oid) as result,
  l.lanname as language,
  case when p.prosqlbody is null then p.prosrc end as body,
  p.probin as library,
  pg_catalog.pg_get_function_sqlbody(p.oid) as sql_body,
  p.prokind = 'w' as "window",
  case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end
    as volatility,
  case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel,
  p.proisstrict as strict,
  p.prosecdef as security_definer,
  p.proleakproof as leakproof,
  p.procost as cost,
  p.prorows as rows,
  nullif(p.prosupport, 0)::regproc::text as support,
  p.proconfig as settings,
  array(
    select pg_catalog.format_type(t.oid, null)
    from unnest(p.protrftypes) with ordinality as t (oid, nr)
    order by t.nr
  ) as transforms
from pg_catalog.pg_proc as p
join pg_catalog.pg_language as l on l.oid = p.prolang
where p.prokind in ('f', 'p', 'w') and {{user p}} and {{not member pg_proc p}}
  and not exists ( -- the constructors of range types
    select from pg_catalog.pg_depend as d
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
  )
order by p.oid
