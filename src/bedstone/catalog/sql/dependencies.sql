-- purpose: what depends on what; the system's own objects left out
-- parameters: none
-- columns: classid, objid, objsubid: the dependent; refclassid, refobjid, refobjsubid: what it needs; deptype
-- lowest server version: 15
select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid,
  d.deptype::text as deptype
from pg_catalog.pg_depend as d
where d.objid >= 16384 and d.refclassid <> 'pg_catalog.pg_namespace'::regclass and d.deptype not in ('e', 'x')
order by d.classid, d.objid, d.objsubid
