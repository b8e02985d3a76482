-- purpose: extended statistics
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_statistic_ext
-- kind: statistics
select
  s.oid,
  s.stxrelid as on_relation,
  s.stxnamespace as namespace,
  s.stxname as name,
  pg_catalog.pg_get_userbyid(s.stxowner) as owner,
  s.stxrelid::regclass::text as "table",
  array(
    select case k.kind when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv'
      else k.kind::text end
    from unnest(s.stxkind) as k (kind)
    where k.kind <> 'e'
    order by 1
  ) as kinds,
  array(
    select a.attname::text from pg_catalog.pg_attribute as a
    where a.attrelid = s.stxrelid and a.attnum = any(s.stxkeys::smallint[])
    order by a.attname::text collate pg_catalog."C"
  ) as column_names,
  pg_catalog.pg_get_statisticsobjdef_expressions(s.oid) as expressions,
  nullif(s.stxstattarget, -1)::integer as target
from pg_catalog.pg_statistic_ext as s
where {{user s}} and {{lasting s.stxrelid}}
order by s.oid
