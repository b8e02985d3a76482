-- purpose: tables in publications
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_publication_rel
-- kind: publication table
select
  r.oid,
  p.pubname as parent,
  r.prrelid as member_relation,
  r.prattrs::smallint[] as prattrs,
  pg_catalog.pg_get_expr(r.prqual, r.prrelid) as "where"
from pg_catalog.pg_publication_rel as r
join pg_catalog.pg_publication as p on p.oid = r.prpubid
where {{user r}}
order by r.oid
