-- purpose: check, key, exclusion and foreign key constraints of tables
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_constraint
-- kind: constraint
select
  k.oid,
  k.conrelid as relation,
  k.conname as name,
  i.indexrelid as index_oid,
  nullif(k.confrelid, 0) as referenced_oid,
  k.contype as contype,
  k.conkey as conkey,
  k.confkey as confkey,
  k.confdelsetcols as confdelsetcols,
  case when k.contype in ('p', 'u', 'x') then pg_catalog.pg_get_indexdef(k.conindid) end as indexdef,
  case when k.contype = 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid) end as expression,
  case when k.contype = 'x' then
    array(
      select o.op::regoperator::text
      from unnest(k.conexclop) with ordinality as o (op, nr)
      order by o.nr
    )
  end as operators,
  case when k.contype = 'f' then k.confmatchtype end as match,
  case when k.contype = 'f' then k.confupdtype end as on_update,
  case when k.contype = 'f' then k.confdeltype end as on_delete,
  k.condeferrable as deferrable,
  k.condeferred as initially_deferred,
  k.convalidated as validated,
  {{18: k.conenforced | true}} as enforced,
  case when k.contype = 'c' then k.connoinherit else false end as no_inherit,
  {{18: k.conperiod | false}} as period,
  case when k.contype in ('p', 'u', 'x') then i.indisvalid else true end as valid,
  case when i.indexprs is not null then
    array(
      select a.attnum || '=' || a.attstattarget
      from pg_catalog.pg_attribute as a
      where a.attrelid = i.indexrelid and a.attstattarget >= 0
      order by a.attnum
    )
  end as statistics,
  case when k.contype in ('p', 'u', 'x') then ts.spcname end as tablespace,
  case when k.coninhcount > 0 or k.conparentid <> 0 then k.conislocal end as local,
  (
    select p.conrelid::regclass || ' ' || quote_ident(p.conname)
    from pg_catalog.pg_constraint as p
    where p.oid = k.conparentid
  ) as inherited_from
from pg_catalog.pg_constraint as k
left join pg_catalog.pg_index as i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
left join pg_catalog.pg_class as x on x.oid = i.indexrelid
left join pg_catalog.pg_tablespace as ts on ts.oid = x.reltablespace
where k.conrelid <> 0 and {{user k}} and k.contype in ('c', 'f', 'p', 'u', 'x')
  and {{lasting k.conrelid}}
  and not exists ( -- what a foreign key to a partitioned table keeps for each partition of that
    select from pg_catalog.pg_constraint as p
    where p.oid = k.conparentid and p.conrelid = k.conrelid
  )
order by k.oid
