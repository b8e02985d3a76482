-- purpose: operator classes with their own operators and functions
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_opclass
-- kind: operator class
select
  o.oid,
  o.opcnamespace as namespace,
  o.opcname as name,
  am.amname as parent,
  pg_catalog.pg_get_userbyid(o.opcowner) as owner,
  pg_catalog.format_type(o.opcintype, null) as type,
  o.opcdefault as "default",
  quote_ident(n.nspname) || '.' || quote_ident(f.opfname) as family,
  nullif(o.opckeytype, 0)::regtype::text as storage,
  array(
    select m.amopstrategy || ' ' || m.amopopr::regoperator
      || case when m.amopsortfamily <> 0 then (
        select ' for order by ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname)
        from pg_catalog.pg_opfamily as f
        join pg_catalog.pg_namespace as n on n.oid = f.opfnamespace
        where f.oid = m.amopsortfamily
      ) else '' end
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_amop as m on m.oid = d.objid
    where d.classid = 'pg_catalog.pg_amop'::regclass
      and d.refclassid = 'pg_catalog.pg_opclass'::regclass
      and d.refobjid = o.oid
    order by m.amopstrategy, m.amopopr::regoperator::text
  ) as operators,
  array(
    select m.amprocnum || ' (' || pg_catalog.format_type(m.amproclefttype, null) || ', '
      || pg_catalog.format_type(m.amprocrighttype, null) || ') ' || m.amproc::regprocedure
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_amproc as m on m.oid = d.objid
    where d.classid = 'pg_catalog.pg_amproc'::regclass
      and d.refclassid = 'pg_catalog.pg_opclass'::regclass
      and d.refobjid = o.oid
    order by m.amprocnum, m.amproc::regprocedure::text
  ) as functions
from pg_catalog.pg_opclass as o
join pg_catalog.pg_am as am on am.oid = o.opcmethod
join pg_catalog.pg_opfamily as f on f.oid = o.opcfamily
join pg_catalog.pg_namespace as n on n.oid = f.opfnamespace
where {{user o}} and {{not member pg_opclass o}}
order by o.oid
