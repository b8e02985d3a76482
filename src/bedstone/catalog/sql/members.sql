-- purpose: what belongs to an extension (deptype e) or was bound to one by DEPENDS ON EXTENSION (x)
-- parameters: none
-- columns: classid, objid: the member's address; refobjid: oid of the extension; deptype
-- lowest server version: 15
select d.classid, d.objid, d.refobjid, d.deptype::text as deptype
from pg_catalog.pg_depend as d
where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype in ('e', 'x')
order by d.classid, d.objid
