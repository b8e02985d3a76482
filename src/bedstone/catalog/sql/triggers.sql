-- purpose: triggers, those that constraints made left out
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_trigger
-- kind: trigger
select
  t.oid,
  nullif(t.tgconstraint, 0) as alias,
  t.tgrelid as relation,
  t.tgname as name,
  t.tgattr::smallint[] as tgattr,
  case when t.tgqual is not null then pg_catalog.pg_get_triggerdef(t.oid) end as triggerdef,
  case when t.tgtype & 2 <> 0 then 'before' when t.tgtype & 64 <> 0 then 'instead of' else 'after' end
    as timing,
  array_remove(array[
    case when t.tgtype & 4 <> 0 then 'insert' end,
    case when t.tgtype & 8 <> 0 then 'delete' end,
    case when t.tgtype & 16 <> 0 then 'update' end,
    case when t.tgtype & 32 <> 0 then 'truncate' end
  ], null) as events,
  case when t.tgtype & 1 <> 0 then 'row' else 'statement' end as level,
  t.tgfoid::regproc::text as function,
  t.tgargs as arguments,
  t.tgoldtable as old_table,
  t.tgnewtable as new_table,
  t.tgconstraint <> 0 as "constraint",
  nullif(t.tgconstrrelid, 0)::regclass::text as "references",
  t.tgdeferrable as deferrable,
  t.tginitdeferred as initially_deferred,
  case t.tgenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica'
    else 'always' end as enabled,
  (
    select p.tgrelid::regclass || ' ' || quote_ident(p.tgname)
    from pg_catalog.pg_trigger as p
    where p.oid = t.tgparentid
  ) as inherited_from
from pg_catalog.pg_trigger as t
where not t.tgisinternal and {{user t}} and {{lasting t.tgrelid}}
order by t.oid
