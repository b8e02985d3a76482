-- purpose: event triggers
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_event_trigger
-- kind: event trigger
select
  e.oid,
  e.evtname as name,
  pg_catalog.pg_get_userbyid(e.evtowner) as owner,
  e.evtevent as event,
  e.evttags as tags,
  e.evtfoid::regproc::text as function,
  case e.evtenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica'
    else 'always' end as enabled
from pg_catalog.pg_event_trigger as e
where {{user e}}
order by e.oid
