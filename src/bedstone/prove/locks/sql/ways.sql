-- Purpose: which condition each index can serve.
-- Parameters: none.
-- Columns: schema, name, table_name, method (access method), leading (the first column of its key;
--          null for an expression), condition (of a partial index), expressions (of its key),
--          is_plain (every operator class is its type's default).
-- Lowest server version: 15.
select
    n.nspname as schema,
    c.relname as name,
    t.relname as table_name,
    m.amname as method,
    a.attname as leading,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) as condition,
    pg_catalog.pg_get_expr(i.indexprs, i.indrelid) as expressions,
    not exists (
        select from pg_catalog.pg_opclass as o
        where o.oid = any(i.indclass::oid[]) and not o.opcdefault
    ) as is_plain
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
inner join pg_catalog.pg_am as m on m.oid = c.relam
inner join pg_catalog.pg_class as t on t.oid = i.indrelid
inner join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
left join pg_catalog.pg_attribute as a
    on a.attrelid = i.indrelid and a.attnum = i.indkey[0] and i.indkey[0] > 0
where i.indexrelid >= 16384
order by c.relname, i.indexrelid
