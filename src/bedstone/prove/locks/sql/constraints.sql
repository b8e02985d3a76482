-- Purpose: the constraints of tables.
-- Parameters: none.
-- Columns: oid, table_oid, name, kind (as pg_constraint.contype).
-- Lowest server version: 15.
select
    c.oid::bigint as oid,
    c.conrelid::bigint as table_oid,
    c.conname as name,
    c.contype::text as kind
from pg_catalog.pg_constraint as c
where c.oid >= 16384 and c.conrelid <> 0
order by c.oid
