-- purpose: the catalogues of this server
-- parameters: none
-- columns: oid, name
-- lowest server version: 15
select c.oid, c.relname::text as name
from pg_catalog.pg_class as c
where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and c.oid < 16384
order by c.relname
