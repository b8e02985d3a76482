-- purpose: comments on everything
-- parameters: none
-- columns: classoid, objoid, objsubid: the address; description
-- lowest server version: 15
select d.classoid, d.objoid, d.objsubid, d.description
from pg_catalog.pg_description as d
where d.objoid >= 16384
  or d.classoid in ('pg_catalog.pg_namespace'::regclass, 'pg_catalog.pg_extension'::regclass)
union all
select s.classoid, s.objoid, 0, s.description
from pg_catalog.pg_shdescription as s
where s.classoid = 'pg_catalog.pg_authid'::regclass and s.objoid >= 16384
