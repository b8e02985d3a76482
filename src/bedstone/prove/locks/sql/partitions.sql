-- Purpose: the partitions of some tables, and what each may hold.
-- Parameters: %(tables)s: oid[].
-- Columns: oid, parent_oid, schema, name, condition, is_default.
-- Lowest server version: 15.
select
    c.oid::bigint as oid,
    h.inhparent::bigint as parent_oid,
    n.nspname as schema,
    c.relname as name,
    pg_catalog.pg_get_partition_constraintdef(c.oid) as condition,
    pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' as is_default
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
inner join pg_catalog.pg_inherits as h on h.inhrelid = c.oid
where c.relispartition and h.inhparent = any(%(tables)s::oid[])
order by c.relname, c.oid
