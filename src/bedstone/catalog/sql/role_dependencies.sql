-- purpose: which objects of this database need which role
-- parameters: none
-- columns: classid, objid, objsubid: the dependent; refobjid: oid of the role
-- lowest server version: 15
select d.classid, d.objid, d.objsubid, d.refobjid
from pg_catalog.pg_shdepend as d
where d.dbid = (select x.oid from pg_catalog.pg_database as x where x.datname = current_database())
  and d.refclassid = 'pg_catalog.pg_authid'::regclass
