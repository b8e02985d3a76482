-- purpose: sequences, those of serial and identity columns too
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
-- kind: sequence
select
  c.oid,
  c.relnamespace as namespace,
  c.relname as name,
  pg_catalog.pg_get_userbyid(c.relowner) as owner,
  coalesce(c.relacl, pg_catalog.acldefault('s', c.relowner)) as acl,
  d.refobjid as owner_relation,
  d.refobjsubid as owner_column,
  case c.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' else 'temporary' end
    as persistence,
  case when d.deptype is distinct from 'i' then pg_catalog.format_type(s.seqtypid, null) end as type,
  s.seqstart as start,
  s.seqincrement as increment,
  nullif(s.seqmin, case when s.seqincrement > 0 then 1 else b.lowest end) as minimum,
  nullif(s.seqmax, case when s.seqincrement > 0 then b.highest else -1 end) as maximum,
  s.seqcache as cache,
  s.seqcycle as cycle,
  coalesce(d.deptype = 'i', false) as identity
from pg_catalog.pg_class as c
join pg_catalog.pg_sequence as s on s.seqrelid = c.oid
join (
  values
    (21::oid, '-32768'::bigint, 32767::bigint),
    (23::oid, '-2147483648'::bigint, 2147483647::bigint),
    (20::oid, '-9223372036854775808'::bigint, 9223372036854775807::bigint)
) as b (type, lowest, highest) on b.type = s.seqtypid
left join pg_catalog.pg_depend as d
  on d.classid = 'pg_catalog.pg_class'::regclass
  and d.objid = c.oid
  and d.objsubid = 0
  and d.refclassid = 'pg_catalog.pg_class'::regclass
  and d.deptype in ('a', 'i')
  and d.refobjsubid > 0
where {{user c}} and c.relpersistence <> 't'
order by c.oid
