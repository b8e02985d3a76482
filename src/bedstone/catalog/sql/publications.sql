-- purpose: publications
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_publication
-- kind: publication
select
  p.oid,
  p.pubname as name,
  pg_catalog.pg_get_userbyid(p.pubowner) as owner,
  p.puballtables as all_tables,
  p.pubinsert as insert,
  p.pubupdate as update,
  p.pubdelete as delete,
  p.pubtruncate as truncate,
  p.pubviaroot as via_root,
  {{18: case p.pubgencols when 's' then 'stored' else 'none' end | 'none'}} as generated_columns
from pg_catalog.pg_publication as p
where {{user p}}
order by p.oid
