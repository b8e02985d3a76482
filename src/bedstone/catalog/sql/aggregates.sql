-- purpose: aggregate functions
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_proc
-- kind: aggregate
select
  p.oid,
  p.pronamespace as namespace,
  p.proname as name,
  pg_catalog.oidvectortypes(p.proargtypes) as parent,
  pg_catalog.pg_get_userbyid(p.proowner) as owner,
  coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) as acl,
  pg_catalog.pg_get_function_arguments(p.oid) as arguments,
  pg_catalog.format_type(p.prorettype, null) as result,
  case a.aggkind when 'o' then 'ordered set' when 'h' then 'hypothetical set' else 'normal' end as class,
  a.aggnumdirectargs as direct_arguments,
  case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel,
  nullif(a.aggtransfn, 0)::regproc::text as transition,
  pg_catalog.format_type(a.aggtranstype, null) as state_type,
  a.aggtransspace as state_size,
  nullif(a.aggfinalfn, 0)::regproc::text as final,
  a.aggfinalextra as final_extra,
  a.aggfinalmodify::text as final_modify,
  nullif(a.aggcombinefn, 0)::regproc::text as combine,
  nullif(a.aggserialfn, 0)::regproc::text as serialize,
  nullif(a.aggdeserialfn, 0)::regproc::text as deserialize,
  nullif(a.aggmtransfn, 0)::regproc::text as moving_transition,
  nullif(a.aggminvtransfn, 0)::regproc::text as moving_inverse,
  pg_catalog.format_type(nullif(a.aggmtranstype, 0), null) as moving_state_type,
  a.aggmtransspace as moving_state_size,
  nullif(a.aggmfinalfn, 0)::regproc::text as moving_final,
  a.aggmfinalextra as moving_final_extra,
  a.aggmfinalmodify::text as moving_final_modify,
  a.agginitval as initial,
  a.aggminitval as moving_initial,
  nullif(a.aggsortop, 0)::regoperator::text as sort_operator
from pg_catalog.pg_proc as p
join pg_catalog.pg_aggregate as a on a.aggfnoid = p.oid
where {{user p}} and {{not member pg_proc p}}
order by p.oid
