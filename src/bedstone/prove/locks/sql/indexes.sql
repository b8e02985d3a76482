-- Purpose: the indexes of some tables.
-- Parameters: %(tables)s: oid[].
-- Columns: oid, table_oid, schema, name, table_name, above (oid of the index that it is attached
--          to), definition, is_unique (over plain columns of every row), is_primary,
--          is_partitioned, columns (text[], of the key; null for an expression).
-- Lowest server version: 15.
select
    i.indexrelid::bigint as oid,
    i.indrelid::bigint as table_oid,
    n.nspname as schema,
    c.relname as name,
    t.relname as table_name,
    h.inhparent::bigint as above,
    pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
    i.indisunique and i.indpred is null and i.indexprs is null as is_unique,
    i.indisprimary as is_primary,
    c.relkind = 'I' as is_partitioned,
    array(
        select a.attname::text
        from pg_catalog.unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
        left join pg_catalog.pg_attribute as a
            on a.attrelid = i.indrelid and a.attnum = k.attnum and k.attnum > 0
        where k.place <= i.indnkeyatts
        order by k.place
    ) as columns
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
inner join pg_catalog.pg_class as t on t.oid = i.indrelid
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_inherits as h on h.inhrelid = i.indexrelid
where i.indrelid = any(%(tables)s::oid[])
order by c.relname, i.indexrelid
