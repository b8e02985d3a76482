-- purpose: plain, partitioned and foreign tables
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_class
select
  c.oid,
  case c.relkind when 'f' then 'foreign table' else 'table' end as kind,
  c.relnamespace as namespace,
  c.relname as name,
  pg_catalog.pg_get_userbyid(c.relowner) as owner,
  coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)) as acl,
  case c.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' else 'temporary' end
    as persistence,
  nullif(am.amname, 'heap') as access_method,
  ts.spcname as tablespace,
  c.reloptions as options,
  toast.reloptions as toast_options,
  case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_by,
  case when c.relispartition then
    (select i.inhparent::regclass::text from pg_catalog.pg_inherits as i where i.inhrelid = c.oid)
  end as partition_of,
  pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_bound,
  case when c.relispartition then
    (select i.inhdetachpending from pg_catalog.pg_inherits as i where i.inhrelid = c.oid)
  else false end as detach_pending,
  case when not c.relispartition then
    (
      select array_agg(i.inhparent::regclass::text order by i.inhseqno)
      from pg_catalog.pg_inherits as i
      where i.inhrelid = c.oid
    )
  end as inherits,
  nullif(c.reloftype, 0)::regtype::text as of_type,
  case c.relreplident when 'd' then 'default' when 'n' then 'nothing' when 'f' then 'full'
    else (
      select 'index ' || quote_ident(x.relname)
      from pg_catalog.pg_index as i
      join pg_catalog.pg_class as x on x.oid = i.indexrelid
      where i.indrelid = c.oid and i.indisreplident
    )
  end as replica_identity,
  case when c.relhasindex then (
    select x.relname::text
    from pg_catalog.pg_index as i
    join pg_catalog.pg_class as x on x.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisclustered
  ) end as clustered_on,
  c.relrowsecurity as row_security,
  c.relforcerowsecurity as force_row_security,
  s.srvname as server,
  ft.ftoptions as foreign_options
from pg_catalog.pg_class as c
left join pg_catalog.pg_class as toast on toast.oid = c.reltoastrelid
left join pg_catalog.pg_am as am on am.oid = c.relam
left join pg_catalog.pg_tablespace as ts on ts.oid = c.reltablespace
left join pg_catalog.pg_foreign_table as ft on ft.ftrelid = c.oid
left join pg_catalog.pg_foreign_server as s on s.oid = ft.ftserver
where c.relkind in ('r', 'p', 'f') and {{user c}} and c.relpersistence <> 't'
order by c.oid
