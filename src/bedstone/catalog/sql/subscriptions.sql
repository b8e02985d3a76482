-- purpose: subscriptions of this database; the address only where the role may read it
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_subscription
-- kind: subscription
select
  s.oid,
  s.subname as name,
  pg_catalog.pg_get_userbyid(s.subowner) as owner,
  s.subenabled as enabled,
  s.subbinary as "binary",
  s.substream::text as streaming,
  s.subtwophasestate <> 'd' as two_phase,
  s.subdisableonerr as disable_on_error,
  {{16: s.subpasswordrequired | true}} as password_required,
  {{16: s.subrunasowner | false}} as run_as_owner,
  {{17: s.subfailover | false}} as failover,
  {{16: s.suborigin | 'any'}} as origin,
  s.subslotname::text as slot,
  s.subsynccommit as synchronous_commit,
  array(select p.name from unnest(s.subpublications) as p (name) order by p.name collate "C")
    as publications,
  {{conninfo: s.subconninfo | null::text}} as connection
from pg_catalog.pg_subscription as s
where s.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_database())
order by s.oid
