-- purpose: which kinds there is anything of, so that the queries of all others are spared
-- parameters: none
-- columns: one boolean for each query, named as the query is
-- lowest server version: 15
select
  exists (select from pg_catalog.pg_class as c where c.relkind in ('v', 'm') and {{user c}}) as views,
  exists (select from pg_catalog.pg_class as c where c.relkind in ('v', 'm') and {{user c}})
    as view_columns,
  exists (select from pg_catalog.pg_class as c where c.relkind = 'c' and {{user c}}) as composites,
  exists (select from pg_catalog.pg_class as c where c.relkind = 'c' and {{user c}}) as attributes,
  exists (select from pg_catalog.pg_sequence as s where s.seqrelid >= 16384) as sequences,
  exists (select from pg_catalog.pg_enum as e where {{user e}})
    or exists (select from pg_catalog.pg_type as t where t.typtype = 'e' and {{user t}}) as enums,
  exists (select from pg_catalog.pg_type as t where t.typtype = 'd' and {{user t}}) as domains,
  exists (select from pg_catalog.pg_type as t where t.typtype = 'd' and {{user t}})
    as domain_constraints,
  exists (select from pg_catalog.pg_range as r where r.rngtypid >= 16384) as ranges,
  exists (
    select from pg_catalog.pg_type as t
    where {{user t}}
      and (t.typtype = 'b' or not t.typisdefined)
      and (t.typcategory <> 'A' or t.typelem = 0 or t.typsubscript <> 'array_subscript_handler'::regproc)
  ) as base_types,
  exists (select from pg_catalog.pg_proc as p where {{user p}}) as functions,
  exists (select from pg_catalog.pg_proc as p where {{user p}} and p.prokind = 'a') as aggregates,
  exists (select from pg_catalog.pg_trigger as t where {{user t}} and not t.tgisinternal) as triggers,
  exists (select from pg_catalog.pg_event_trigger as e) as event_triggers,
  exists (select from pg_catalog.pg_rewrite as r where {{user r}} and r.rulename <> '_RETURN') as rules,
  exists (select from pg_catalog.pg_policy as p) as policies,
  exists (select from pg_catalog.pg_statistic_ext as s) as statistics,
  exists (select from pg_catalog.pg_operator as o where {{user o}}) as operators,
  exists (select from pg_catalog.pg_opclass as o where {{user o}}) as operator_classes,
  exists (select from pg_catalog.pg_opfamily as o where {{user o}}) as operator_families,
  exists (select from pg_catalog.pg_am as a where {{user a}}) as access_methods,
  exists (select from pg_catalog.pg_cast as c where {{user c}}) as casts,
  exists (select from pg_catalog.pg_collation as c where {{user c}}) as collations,
  exists (select from pg_catalog.pg_conversion as c where {{user c}}) as conversions,
  exists (select from pg_catalog.pg_language as l where {{user l}}) as languages,
  exists (select from pg_catalog.pg_transform as t) as transforms,
  exists (select from pg_catalog.pg_ts_parser as p where {{user p}}) as search_parsers,
  exists (select from pg_catalog.pg_ts_template as t where {{user t}}) as search_templates,
  exists (select from pg_catalog.pg_ts_dict as d where {{user d}}) as search_dictionaries,
  exists (select from pg_catalog.pg_ts_config as c where {{user c}}) as search_configurations,
  exists (select from pg_catalog.pg_foreign_data_wrapper as f) as foreign_data_wrappers,
  exists (select from pg_catalog.pg_foreign_server as s) as servers,
  exists (select from pg_catalog.pg_user_mappings as m) as user_mappings,
  exists (select from pg_catalog.pg_default_acl as d) as default_privileges,
  exists (select from pg_catalog.pg_publication as p) as publications,
  exists (select from pg_catalog.pg_publication as p) as publication_tables,
  exists (select from pg_catalog.pg_publication as p) as publication_schemas,
  exists (select s.oid from pg_catalog.pg_subscription as s) as subscriptions,
  exists (select from pg_catalog.pg_db_role_setting as c where c.setdatabase <> 0) as settings
