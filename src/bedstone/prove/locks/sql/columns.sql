-- Purpose: the columns of some tables.
-- Parameters: %(tables)s: oid[].
-- Columns: table_oid, name, default_value (as SQL), sequence (that it owns, quoted and qualified).
-- Lowest server version: 15.
select
    a.attrelid::bigint as table_oid,
    a.attname as name,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as default_value,
    pg_catalog.pg_get_serial_sequence(
        pg_catalog.format('%%I.%%I', n.nspname, c.relname), a.attname
    ) as sequence
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on c.oid = a.attrelid
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any(%(tables)s::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
