-- purpose: security labels on everything
-- parameters: none
-- columns: classoid, objoid, objsubid: the address; provider, label
-- lowest server version: 15
select l.classoid, l.objoid, l.objsubid, l.provider, l.label
from pg_catalog.pg_seclabel as l
union all
select s.classoid, s.objoid, 0, s.provider, s.label
from pg_catalog.pg_shseclabel as s
where s.classoid = 'pg_catalog.pg_authid'::regclass
order by 1, 2, 3, 4
