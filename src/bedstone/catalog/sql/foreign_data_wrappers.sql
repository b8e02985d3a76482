-- purpose: foreign data wrappers
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_foreign_data_wrapper
-- kind: foreign data wrapper
select
  f.oid,
  f.fdwname as name,
  pg_catalog.pg_get_userbyid(f.fdwowner) as owner,
  coalesce(f.fdwacl, pg_catalog.acldefault('F', f.fdwowner)) as acl,
  nullif(f.fdwhandler, 0)::regproc::text as handler,
  nullif(f.fdwvalidator, 0)::regproc::text as validator,
  f.fdwoptions as foreign_options
from pg_catalog.pg_foreign_data_wrapper as f
where {{user f}}
order by f.oid
