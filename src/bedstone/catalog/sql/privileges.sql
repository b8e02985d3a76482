-- purpose: privileges that were changed on the system's own objects and on members of extensions
-- parameters: none
-- columns: classid, oid, subid: the address; what: identity type; name; schema; owner; acl now; initial
-- lowest server version: 15
with objects (classid, oid, subid, owner, acl, letter) as (
  select 'pg_catalog.pg_class'::regclass, c.oid, 0, c.relowner, c.relacl, case c.relkind when 'S' then 's' else 'r' end
  from pg_catalog.pg_class as c
  where c.relacl is not null and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
  union all
  select 'pg_catalog.pg_class'::regclass, a.attrelid, a.attnum, c.relowner, a.attacl, 'c'
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_class as c on c.oid = a.attrelid
  where a.attacl is not null
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, 'f'
  from pg_catalog.pg_proc as p
  where p.proacl is not null
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, 'T'
  from pg_catalog.pg_type as t
  where t.typacl is not null
  union all
  select 'pg_catalog.pg_namespace'::regclass, n.oid, 0, n.nspowner, n.nspacl, 'n'
  from pg_catalog.pg_namespace as n
  where n.nspacl is not null and n.nspname not in ('public', 'information_schema')
  union all
  select 'pg_catalog.pg_language'::regclass, l.oid, 0, l.lanowner, l.lanacl, 'l'
  from pg_catalog.pg_language as l
  where l.lanacl is not null
  union all
  select 'pg_catalog.pg_foreign_data_wrapper'::regclass, f.oid, 0, f.fdwowner, f.fdwacl, 'F'
  from pg_catalog.pg_foreign_data_wrapper as f
  where f.fdwacl is not null
  union all
  select 'pg_catalog.pg_foreign_server'::regclass, s.oid, 0, s.srvowner, s.srvacl, 'S'
  from pg_catalog.pg_foreign_server as s
  where s.srvacl is not null
)
select
  o.classid,
  o.oid,
  o.subid,
  i.type as what,
  i.schema as schema,
  coalesce(i.name, i.identity) as name,
  i.identity as identity,
  pg_catalog.pg_get_userbyid(o.owner) as owner,
  o.acl
from objects as o
left join pg_catalog.pg_init_privs as p
  on p.classoid = o.classid and p.objoid = o.oid and p.objsubid = o.subid
cross join lateral pg_catalog.pg_identify_object(o.classid, o.oid, o.subid) as i
where (
    o.oid < 16384
    or p.objoid is not null
    or exists (
      select from pg_catalog.pg_depend as d
      where d.classid = o.classid and d.objid = o.oid and d.deptype = 'e'
    )
  )
  and o.acl is distinct from p.initprivs
  and not ( -- what everything of its kind has, written down
    p.objoid is null
    and o.acl @> pg_catalog.acldefault(o.letter::"char", o.owner)
    and o.acl <@ pg_catalog.acldefault(o.letter::"char", o.owner)
  )
  and i.schema is distinct from 'information_schema'
order by o.classid, o.oid, o.subid
