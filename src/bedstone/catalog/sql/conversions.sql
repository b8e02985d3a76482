-- purpose: conversions between encodings
-- parameters: none
-- columns: those of catalog/queries.py; every other one is an attribute
-- lowest server version: 15
-- catalogue: pg_conversion
-- kind: conversion
select
  c.oid,
  c.connamespace as namespace,
  c.conname as name,
  pg_catalog.pg_get_userbyid(c.conowner) as owner,
  pg_catalog.pg_encoding_to_char(c.conforencoding) as source,
  pg_catalog.pg_encoding_to_char(c.contoencoding) as target,
  c.conproc::regproc::text as function,
  c.condefault as "default"
from pg_catalog.pg_conversion as c
where {{user c}}
order by c.oid
