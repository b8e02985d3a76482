-- purpose: attributes of composite types
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
-- kind: attribute
select
  a.attrelid as relation,
  a.attnum as subid,
  a.attname as name,
  row_number() over (partition by a.attrelid order by a.attnum) as position,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
  case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end
    as collation
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_type as t on t.oid = a.atttypid
where c.relkind = 'c' and {{user c}} and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
