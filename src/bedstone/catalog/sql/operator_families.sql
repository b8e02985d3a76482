-- purpose: operator families with the members that no operator class holds
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_opfamily
-- kind: operator family
select
  f.oid,
  f.opfnamespace as namespace,
  f.opfname as name,
  am.amname as parent,
  pg_catalog.pg_get_userbyid(f.opfowner) as owner,
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
      and d.refclassid = 'pg_catalog.pg_opfamily'::regclass
      and d.refobjid = f.oid
    order by m.amopstrategy, m.amopopr::regoperator::text
  ) as operators,
  array(
    select m.amprocnum || ' (' || pg_catalog.format_type(m.amproclefttype, null) || ', '
      || pg_catalog.format_type(m.amprocrighttype, null) || ') ' || m.amproc::regprocedure
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_amproc as m on m.oid = d.objid
    where d.classid = 'pg_catalog.pg_amproc'::regclass
      and d.refclassid = 'pg_catalog.pg_opfamily'::regclass
      and d.refobjid = f.oid
    order by m.amprocnum, m.amproc::regprocedure::text
  ) as functions
from pg_catalog.pg_opfamily as f
join pg_catalog.pg_am as am on am.oid = f.opfmethod
where {{user f}} and {{not member pg_opfamily f}}
order by f.oid
