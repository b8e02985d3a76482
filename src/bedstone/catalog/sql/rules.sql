-- purpose: rewrite rules, the ones that are views left out
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_rewrite
-- kind: rule
select
  r.oid,
  r.ev_class as relation,
  r.rulename as name,
  pg_catalog.pg_get_ruledef(r.oid) as definition,
  case r.ev_type when '1' then 'select' when '2' then 'update' when '3' then 'insert' else 'delete' end
    as event,
  r.is_instead as instead,
  case r.ev_enabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica'
    else 'always' end as enabled
from pg_catalog.pg_rewrite as r
where r.rulename <> '_RETURN' and {{user r}} and {{lasting r.ev_class}}
order by r.oid
