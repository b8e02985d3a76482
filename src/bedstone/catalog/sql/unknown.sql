-- purpose: rows of the known catalogues whose kind this code does not know
-- parameters: none
-- columns: what: how the server describes the object; kind: the letter of its kind
-- lowest server version: 15
select pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, c.oid, 0) as what, c.relkind::text as kind
from pg_catalog.pg_class as c
where c.oid >= 16384 and c.relkind not in ('r', 'p', 'f', 'v', 'm', 'c', 'S', 'i', 'I', 't')
union all
select pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::regclass, k.oid, 0), k.contype::text
from pg_catalog.pg_constraint as k
where k.oid >= 16384 and k.contype not in ('c', 'f', 'p', 'u', 'x', 't', 'n')
union all
select pg_catalog.pg_describe_object('pg_catalog.pg_proc'::regclass, p.oid, 0), p.prokind::text
from pg_catalog.pg_proc as p
where p.oid >= 16384 and p.prokind not in ('f', 'p', 'w', 'a')
union all
select pg_catalog.pg_describe_object('pg_catalog.pg_type'::regclass, t.oid, 0), t.typtype::text
from pg_catalog.pg_type as t
where t.oid >= 16384 and t.typisdefined and t.typtype not in ('b', 'c', 'd', 'e', 'r', 'm')
order by 1
