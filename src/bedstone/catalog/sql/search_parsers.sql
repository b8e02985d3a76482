-- purpose: text search parsers
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_ts_parser
-- kind: text search parser
select
  p.oid,
  p.prsnamespace as namespace,
  p.prsname as name,
  p.prsstart::regproc::text as start,
  p.prstoken::regproc::text as token,
  p.prsend::regproc::text as "end",
  nullif(p.prsheadline, 0)::regproc::text as headline,
  p.prslextype::regproc::text as lextypes
from pg_catalog.pg_ts_parser as p
where {{user p}}
order by p.oid
