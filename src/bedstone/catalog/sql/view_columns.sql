-- purpose: columns of views on which something was set: default, comment, privileges, storage
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
-- kind: view column
select
  a.attrelid as relation,
  a.attnum as subid,
  a.attname as name,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) as "default",
  case when a.attstorage <> t.typstorage then
    case a.attstorage
      when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' when 'x' then 'extended'
    end
  end as storage,
  case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4'
    else nullif(a.attcompression::text, '') end as compression,
  nullif(a.attstattarget, -1)::integer as statistics,
  a.attoptions as options,
  a.attacl as acl
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_type as t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef as d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('v', 'm')
  and c.relpersistence <> 't'
  and {{user c}}
  and a.attnum > 0
  and not a.attisdropped
  and (
    a.atthasdef
    or a.attacl is not null
    or a.attoptions is not null
    or a.attstattarget >= 0
    or a.attcompression <> ''
    or a.attstorage <> t.typstorage
    or exists (
      select from pg_catalog.pg_description as x
      where x.classoid = 'pg_catalog.pg_class'::regclass and x.objoid = c.oid and x.objsubid = a.attnum
    )
    or exists (
      select from pg_catalog.pg_seclabel as x
      where x.classoid = 'pg_catalog.pg_class'::regclass and x.objoid = c.oid and x.objsubid = a.attnum
    )
  )
order by a.attrelid, a.attnum
