-- purpose: casts
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_cast
-- kind: cast
select
  c.oid,
  pg_catalog.format_type(c.castsource, null) || ' AS ' || pg_catalog.format_type(c.casttarget, null)
    as name,
  nullif(c.castfunc, 0)::regprocedure::text as function,
  case c.castcontext when 'e' then 'explicit' when 'a' then 'assignment' else 'implicit' end
    as context,
  case c.castmethod when 'f' then 'function' when 'i' then 'inout' else 'binary' end as method
from pg_catalog.pg_cast as c
where {{user c}}
  and not exists ( -- a range's own cast to its multirange
    select from pg_catalog.pg_range as r
    where r.rngtypid = c.castsource and r.rngmultitypid = c.casttarget
  )
order by c.oid
