-- purpose: views and materialized views
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
select
  c.oid,
  case c.relkind when 'm' then 'materialized view' else 'view' end as kind,
  c.relnamespace as namespace,
  c.relname as name,
  pg_catalog.pg_get_userbyid(c.relowner) as owner,
  coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)) as acl,
  case c.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' else 'temporary' end
    as persistence,
  pg_catalog.pg_get_viewdef(c.oid) as definition,
  c.reloptions as options,
  toast.reloptions as toast_options,
  nullif(am.amname, 'heap') as access_method,
  ts.spcname as tablespace,
  case when c.relhasindex then (
    select x.relname::text
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as x on x.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisclustered
  ) end as clustered_on,
  c.relispopulated as populated,
  array(
    select quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
    from pg_catalog.pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    order by a.attnum
  ) as columns
from pg_catalog.pg_class as c
left join pg_catalog.pg_class as toast on toast.oid = c.reltoastrelid
left join pg_catalog.pg_am as am on am.oid = c.relam
left join pg_catalog.pg_tablespace as ts on ts.oid = c.reltablespace
where c.relkind in ('v', 'm') and {{user c}} and c.relpersistence <> 't'
order by c.oid
