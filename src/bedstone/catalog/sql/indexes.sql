-- purpose: indexes that no constraint owns
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
-- kind: index
select
  x.oid,
  i.indrelid as relation,
  x.relname as name,
  pg_catalog.pg_get_indexdef(x.oid) as indexdef,
  i.indisunique as "unique",
  i.indisvalid and i.indisready and i.indislive as valid,
  ts.spcname as tablespace,
  case when i.indexprs is not null then
    array(
      select a.attnum || '=' || a.attstattarget
      from pg_catalog.pg_attribute as a
      where a.attrelid = x.oid and a.attstattarget >= 0
      order by a.attnum
    )
  end as statistics,
  case when x.relispartition then (
    select h.inhparent::regclass::text from pg_catalog.pg_inherits as h where h.inhrelid = x.oid
  ) end as attached_to
from pg_catalog.pg_index as i
join pg_catalog.pg_class as x on x.oid = i.indexrelid
left join pg_catalog.pg_tablespace as ts on ts.oid = x.reltablespace
where {{user x}}
  and x.relpersistence <> 't'
  and x.relnamespace <> 'pg_toast'::regnamespace
  and not exists (
    select from pg_catalog.pg_constraint as k
    where k.conindid = x.oid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
  )
order by x.oid
