-- purpose: check constraints of domains
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_constraint
-- kind: domain constraint
select
  k.oid,
  t.typnamespace as namespace,
  k.conname as name,
  t.typname as parent,
  pg_catalog.pg_get_expr(k.conbin, 0) as expression,
  k.convalidated as validated
from pg_catalog.pg_constraint as k
join pg_catalog.pg_type as t on t.oid = k.contypid
where k.contype = 'c' and {{user k}}
order by k.oid
