-- purpose: columns of tables
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
-- kind: column
select
  a.attrelid as relation,
  a.attnum as subid,
  a.attname as name,
  {{18: n.oid | null::oid}} as alias,
  a.attnum as position,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
  case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end
    as collation,
  a.attnotnull as not_null,
  {{18: case
    when n.conname <> c.relname || '_' || a.attname || '_not_null'
      and n.conname <> {{clip c.relname to greatest(27, 53 - octet_length(a.attname))}}
        || '_' || {{clip a.attname to greatest(26, 53 - octet_length(c.relname))}} || '_not_null'
    then n.conname
  end | null::name}} as not_null_name, -- none where it is the one that makeObjectName() makes up
  {{18: coalesce(n.convalidated, true) | true}} as not_null_validated,
  {{18: coalesce(n.connoinherit, false) | false}} as not_null_no_inherit,
  {{18: case when n.coninhcount > 0 then n.conislocal end | null::boolean}} as not_null_local,
  case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end as "default",
  case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
  case when a.attgenerated <> '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end as expression,
  case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
  case when a.attstorage <> t.typstorage then
    case a.attstorage
      when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' when 'x' then 'extended'
    end
  end as storage,
  case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4'
    else nullif(a.attcompression::text, '') end as compression,
  nullif(a.attstattarget, -1)::integer as statistics,
  a.attoptions as options,
  a.attfdwoptions as foreign_options,
  a.attislocal as local,
  a.attacl as acl
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_type as t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef as d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum
{{18: left join pg_catalog.pg_constraint as n
  on n.contype = 'n' and a.attnotnull and n.conrelid = a.attrelid and n.conkey[1] = a.attnum | }}
where a.attrelid >= 16384
  and a.attnum > 0
  and not a.attisdropped
  and c.relkind in ('r', 'p', 'f')
  and c.relpersistence <> 't'
