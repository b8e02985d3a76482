-- Purpose: the foreign keys of some tables, and of all that those need, level by level.
-- Parameters: %(tables)s: text[] of quoted, qualified table names.
-- Columns: table_name, columns (text[]), parent_name, parent_columns (text[]); names are quoted and
--          qualified as in the parameter.
-- Lowest server version: 15.
with recursive needed as (
    select t.name::pg_catalog.regclass::oid as oid
    from pg_catalog.unnest(%(tables)s::text[]) as t (name)
    union
    select c.confrelid as oid
    from needed as n
    inner join pg_catalog.pg_constraint as c on c.conrelid = n.oid
    where c.contype = 'f' and c.conparentid = 0
)

select
    pg_catalog.format('%%I.%%I', tn.nspname, t.relname) as table_name,
    array(
        select a.attname::text
        from pg_catalog.unnest(c.conkey) with ordinality as k (attnum, place)
        inner join pg_catalog.pg_attribute as a
            on a.attrelid = c.conrelid and a.attnum = k.attnum
        order by k.place
    ) as columns,
    pg_catalog.format('%%I.%%I', pn.nspname, p.relname) as parent_name,
    array(
        select a.attname::text
        from pg_catalog.unnest(c.confkey) with ordinality as k (attnum, place)
        inner join pg_catalog.pg_attribute as a
            on a.attrelid = c.confrelid and a.attnum = k.attnum
        order by k.place
    ) as parent_columns
from needed as n
inner join pg_catalog.pg_constraint as c on c.conrelid = n.oid
inner join pg_catalog.pg_class as t on t.oid = c.conrelid
inner join pg_catalog.pg_namespace as tn on tn.oid = t.relnamespace
inner join pg_catalog.pg_class as p on p.oid = c.confrelid
inner join pg_catalog.pg_namespace as pn on pn.oid = p.relnamespace
where c.contype = 'f' and c.conparentid = 0
order by table_name, c.conname;
