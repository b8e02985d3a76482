-- Purpose: every relation, and the one that it belongs to.
-- Parameters: none.
-- Columns: oid, schema, name, kind, owner (oid: an index's table, a partition's parent), is_valid.
-- Lowest server version: 15.
select
    c.oid::bigint as oid,
    n.nspname as schema,
    c.relname as name,
    c.relkind::text as kind,
    coalesce(i.indrelid, h.inhparent)::bigint as owner,
    coalesce(i.indisvalid, true) as is_valid
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_index as i on i.indexrelid = c.oid
left join pg_catalog.pg_inherits as h on h.inhrelid = c.oid and c.relispartition
where c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'v', 'f', 'i', 'I')
order by c.oid
