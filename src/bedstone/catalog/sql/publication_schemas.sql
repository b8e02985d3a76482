-- purpose: schemas in publications
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_publication_namespace
-- kind: publication schema
select
  r.oid,
  n.nspname as name,
  p.pubname as parent
from pg_catalog.pg_publication_namespace as r
join pg_catalog.pg_publication as p on p.oid = r.pnpubid
join pg_catalog.pg_namespace as n on n.oid = r.pnnspid
where {{user r}}
order by r.oid
