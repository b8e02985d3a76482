-- Purpose: the columns that an insert must name, with the text of a value of each one's type.
-- Parameters: %(tables)s: text[] of quoted, qualified table names.
-- Columns: table_name (as given), column_name, type_name, sample (null: no value is known).
-- Lowest server version: 15.
with recursive wanted as (
    select
        t.name,
        t.name::pg_catalog.regclass as oid
    from pg_catalog.unnest(%(tables)s::text[]) as t (name)
),

columns as (
    select
        w.name as table_name,
        a.attname as column_name,
        a.attnum,
        a.atttypid as type_oid,
        a.atttypid as base_oid,
        pg_catalog.format_type(a.atttypid, a.atttypmod) as type_name
    from wanted as w
    inner join pg_catalog.pg_attribute as a on a.attrelid = w.oid
    where a.attnum > 0
        and not a.attisdropped
        and a.attnotnull
        and not a.atthasdef
        and a.attidentity = ''
        and a.attgenerated = ''
    union all
    select
        c.table_name,
        c.column_name,
        c.attnum,
        c.type_oid,
        t.typbasetype as base_oid,
        c.type_name
    from columns as c
    inner join pg_catalog.pg_type as t on t.oid = c.base_oid
    where t.typtype = 'd'
)

select
    c.table_name,
    c.column_name,
    c.type_name,
    case
        when t.typtype = 'e' then (
            select e.enumlabel
            from pg_catalog.pg_enum as e
            where e.enumtypid = t.oid
            order by e.enumsortorder
            limit 1
        )
        when t.typtype = 'r' then 'empty'
        when t.typtype = 'm' or t.typcategory = 'A' then '{}'
        when t.typname in ('json', 'jsonb') then '{}'
        when t.typname = 'uuid' then '00000000-0000-0000-0000-000000000001'
        when t.typname = 'bytea' then '\x00'
        when t.typname = 'xml' then '<a/>'
        when t.typname in ('macaddr', 'macaddr8') then '08:00:2b:01:02:03'
        when t.typname in ('tsvector', 'tsquery', 'hstore', 'ltree') then 'a'
        when t.typname = 'money' then '1'
        when t.typname = 'vector' then null
        when t.typcategory = 'N' then '1'
        when t.typcategory = 'S' then 'a'
        when t.typcategory = 'B' then 'true'
        when t.typname in ('time', 'timetz') then '12:00'
        when t.typcategory = 'D' then '2020-01-01'
        when t.typcategory = 'T' then '1 day'
        when t.typcategory = 'I' then '127.0.0.1'
        when t.typcategory = 'V' then '1'
        when t.typname = 'point' then '(0,0)'
    end as sample
from columns as c
inner join pg_catalog.pg_type as t on t.oid = c.base_oid
where t.typtype <> 'd'
order by c.table_name, c.attnum;
