-- purpose: operators; shells that only a commutator or negator names are left out, as in pg_dump
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_operator
-- kind: operator
select
  o.oid,
  o.oprnamespace as namespace,
  o.oprname as name,
  coalesce(pg_catalog.format_type(nullif(o.oprleft, 0), null), 'NONE')
    || ', ' || coalesce(pg_catalog.format_type(nullif(o.oprright, 0), null), 'NONE') as parent,
  pg_catalog.pg_get_userbyid(o.oprowner) as owner,
  o.oprcode::regprocedure::text as function,
  pg_catalog.format_type(o.oprresult, null) as result,
  nullif(o.oprcom, 0)::regoperator::text as commutator,
  nullif(o.oprnegate, 0)::regoperator::text as negator,
  nullif(o.oprrest, 0)::regproc::text as restrict,
  nullif(o.oprjoin, 0)::regproc::text as "join",
  o.oprcanhash as hashes,
  o.oprcanmerge as merges
from pg_catalog.pg_operator as o
where {{user o}} and o.oprcode <> 0 and {{not member pg_operator o}}
order by o.oid
