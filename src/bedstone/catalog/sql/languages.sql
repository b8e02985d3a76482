-- purpose: procedural languages that no extension brought
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_language
-- kind: language
select
  l.oid,
  l.lanname as name,
  pg_catalog.pg_get_userbyid(l.lanowner) as owner,
  coalesce(l.lanacl, pg_catalog.acldefault('l', l.lanowner)) as acl,
  l.lanpltrusted as trusted,
  nullif(l.lanplcallfoid, 0)::regproc::text as handler,
  nullif(l.laninline, 0)::regproc::text as inline,
  nullif(l.lanvalidator, 0)::regproc::text as validator
from pg_catalog.pg_language as l
where {{user l}}
order by l.oid
