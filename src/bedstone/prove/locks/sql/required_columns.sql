-- Purpose: the columns that may not be null.
-- Parameters: none.
-- Columns: table_oid, name.
-- Lowest server version: 15.
select
    a.attrelid::bigint as table_oid,
    a.attname as name
from pg_catalog.pg_attribute as a
where a.attrelid >= 16384 and a.attnum > 0 and a.attnotnull and not a.attisdropped
order by a.attrelid, a.attnum
