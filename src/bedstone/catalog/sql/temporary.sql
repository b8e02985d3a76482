-- purpose: temporary relations: nobody's schema, and hidden with all that hangs on them
-- parameters: none
-- columns: oid: in pg_class
-- lowest server version: 15
select c.oid
from pg_catalog.pg_class as c
where {{user c}} and c.relpersistence = 't'
order by c.oid
