# SPDX-License-Identifier: Apache-2.0
"""Statements of every kind, errors included, whose answers are the same every time."""

from __future__ import annotations

_TEXT = r"""
create table t (id int primary key, v varchar(10), n int default 5)
---
create table t (id int)
---
create table if not exists t (id int)
---
insert into t select g, 'v' || g from generate_series(1, 50) g
---
insert into t values (1, 'twice')
---
insert into t values (100, 'much too long for it')
---
insert into t values (60, 'x'), (61, 'y') returning id, v
---
select * from t order by id limit 3
---
select 1/0
---
select
---
;
---
-- only a comment
---
selekt 1
---
select * from missing
---
select missing from t
---
select 'a' as text, null::int as nothing, '{1,2}'::int[] as many, 1.5 as number
---
select count(*), sum(n) from t
---
values (1, 'a'), (2, 'b')
---
table t limit 1
---
update t set v = 'z' where id = 60 returning *
---
update t set n = n + 1
---
update t set id = 1 where id = 2
---
delete from t where id > 59
---
merge into t using (values (1)) s(id) on t.id = s.id when matched then update set v = 'm'
---
create view w as select id, v from t
---
create or replace view w as select id, v, n from t
---
create view w as select 1 as one
---
alter table t alter v type text
---
drop view w
---
alter table t alter v type text
---
alter table t add column c text default 'c', add check (n > 0)
---
alter table t add constraint bad check (n > 1000)
---
alter table t add constraint late check (n < 1000) not valid
---
alter table t validate constraint late
---
alter table t add column serial bigserial
---
alter table t alter n set not null
---
alter table t alter c set not null
---
alter table t rename column c to d
---
alter table t rename to t2
---
alter table t2 rename to t
---
alter table t set (fillfactor = 70)
---
alter table t alter id type bigint
---
comment on table t is 'a table'
---
create index on t (v)
---
create unique index u on t (n)
---
create index concurrently late_index on t (n)
---
begin
---
create index concurrently never on t (n)
---
rollback
---
reindex table t
---
reindex index concurrently late_index
---
drop index concurrently late_index
---
drop index missing
---
drop index if exists missing
---
cluster t using t_pkey
---
cluster
---
vacuum t
---
vacuum full t
---
vacuum (analyze) t
---
analyze t
---
analyze
---
begin
---
vacuum t
---
select 1
---
rollback
---
truncate t
---
insert into t (id, v, n) select g, 'v', g from generate_series(1, 100) g
---
create sequence s
---
select nextval('s'), currval('s')
---
alter sequence s restart with 10
---
select nextval('s')
---
create type mood as enum ('sad', 'happy')
---
alter type mood add value 'calm'
---
select 'calm'::mood, 'sad'::mood < 'happy'::mood
---
select 'angry'::mood
---
create domain positive as int check (value > 0)
---
select (-1)::positive
---
create type pair as (a int, b text)
---
select row(1, 'x')::pair
---
create schema other
---
create table other.t (id int references t)
---
insert into other.t values (1), (1000)
---
insert into other.t values (1)
---
delete from t where id = 1
---
drop table t
---
create function f(int) returns int language sql as $$ select $1 * 2 $$
---
select f(21)
---
create function broken() returns int language plpgsql as $$ begin return 1/0; end $$
---
select broken()
---
create function noisy() returns void language plpgsql as $$
begin raise notice 'a notice'; raise warning 'a warning'; raise info 'an info'; end $$
---
select noisy()
---
do $$ begin raise notice 'in a block %', 1; create table by_block (a int); end $$
---
do $$ begin raise exception 'on purpose' using errcode = 'P0042', detail = 'd', hint = 'h'; end $$
---
do $$ begin insert into by_block values (1); commit; insert into by_block values (2); end $$
---
do $$ begin insert into by_block values (3); rollback; end $$
---
select * from by_block
---
do $$ begin execute 'create index in_block on by_block (a)'; exception when others then null; end $$
---
create procedure p() language plpgsql as $$
begin insert into by_block values (4); commit; insert into by_block values (5); rollback; end $$
---
call p()
---
begin
---
call p()
---
commit
---
select * from by_block
---
create function refuse() returns trigger language plpgsql as $$ begin return null; end $$
---
create trigger refuse before insert on by_block for each row execute function refuse()
---
insert into by_block values (9)
---
drop trigger refuse on by_block
---
create rule r as on insert to by_block do also select 'by a rule' as told
---
insert into by_block values (6)
---
drop rule r on by_block
---
create table parent (id int primary key)
---
create table child (id int, parent int references parent deferrable initially deferred)
---
insert into child values (1, 1)
---
begin
---
insert into child values (2, 2)
---
commit
---
insert into parent values (1); insert into child values (1, 1)
---
begin
---
set constraints all immediate
---
insert into child values (3, 3)
---
rollback
---
create function late() returns trigger language plpgsql as $$
begin raise notice 'late'; if new.id > 100 then raise exception 'too late'; end if;
return null; end $$
---
create constraint trigger late after insert on child deferrable initially deferred
for each row execute function late()
---
insert into child values (7, 1)
---
insert into child values (101, 1)
---
set datestyle = 'German'; insert into child values (102, 1)
---
show datestyle
---
set lock_timeout = '5s'; create index t_n on t (n); show lock_timeout
---
set lock_timeout = '7s'; drop index t_n; select 1/0
---
show lock_timeout
---
reset lock_timeout; show lock_timeout
---
set local lock_timeout = '3s'; select count(*) from t; show lock_timeout
---
select 1; set local lock_timeout = '3s'
---
show lock_timeout
---
set timezone = 'Asia/Tokyo'; select 1; set timezone = 'UTC'
---
set timezone = 'Asia/Tokyo'; select 1/0
---
show timezone
---
set nonsense = 1; select 1
---
set transaction isolation level serializable; select current_setting('transaction_isolation')
---
select 1; set transaction isolation level serializable
---
set transaction read only; create table not_there (a int)
---
set default_transaction_read_only = on; create table there (a int); reset all
---
set default_transaction_isolation = 'serializable'; show transaction_isolation; reset all
---
set search_path = nowhere; create table there (a int)
---
set role nobody_at_all; select 1
---
set app.key = 'a'; select current_setting('app.key')
---
set session characteristics as transaction read write; select 1
---
fetch 1 from nothing; select 1
---
declare c cursor for select 1; fetch c; select 2
---
drop table there
---
select 1; select 2; select 3
---
select 1; select 1/0; select 3
---
insert into by_block values (7); select broken()
---
select count(*) from by_block
---
begin; create table in_script (a int); commit; select 'after'
---
create table before_begin (a int); begin; create table after_begin (a int)
---
rollback
---
select to_regclass('before_begin'), to_regclass('after_begin'), to_regclass('in_script')
---
begin; select 1; rollback; select 2
---
select 1; commit; select 2
---
select 1; vacuum t
---
savepoint outside
---
begin
---
savepoint a
---
insert into by_block values (10)
---
select 1/0
---
select 1
---
rollback to a
---
select max(a) from by_block
---
savepoint a
---
insert into by_block values (11)
---
release a
---
rollback to savepoint missing
---
commit
---
begin
---
begin
---
commit
---
commit
---
rollback
---
begin isolation level serializable
---
select count(*) from t
---
set transaction isolation level read committed
---
rollback
---
begin
---
set transaction isolation level repeatable read
---
show transaction_isolation
---
commit
---
begin
---
lock table t in share mode
---
set transaction isolation level serializable
---
commit
---
begin read only
---
insert into by_block values (12)
---
rollback
---
begin
---
commit and chain
---
insert into by_block values (13)
---
rollback and chain
---
commit
---
set local search_path = other
---
begin
---
set local search_path = other
---
select count(*) from t
---
commit
---
set search_path = other, public
---
select count(*) from t
---
set search_path = public, pg_catalog
---
select count(*) from t
---
reset search_path
---
set timezone = 'Asia/Tokyo'
---
set application_name = 'somebody'
---
set client_encoding = 'LATIN1'
---
select 'grün'
---
reset client_encoding
---
begin
---
set timezone = 'UTC'
---
rollback
---
set nonsense = 1
---
show timezone
---
reset all
---
lock table t
---
begin
---
lock table t in access exclusive mode
---
select c.relname, l.mode from pg_locks l join pg_class c on c.oid = l.relation
where l.pid = pg_backend_pid() order by 1, 2
---
select name from pg_prepared_statements union all select name from pg_cursors
---
commit
---
select c.relname, l.mode from pg_locks l join pg_class c on c.oid = l.relation
where l.pid = pg_backend_pid() order by 1, 2
---
declare c cursor for select * from t
---
begin
---
declare c cursor for select id from t order by id
---
fetch 2 from c
---
select 'between'
---
fetch 2 from c
---
savepoint x
---
fetch 2 from c
---
rollback to x
---
fetch 2 from c
---
close c
---
fetch 1 from c
---
commit
---
declare h cursor with hold for select id from t order by id
---
fetch 2 from h
---
close h
---
prepare q (int) as select $1 + 1
---
execute q (1)
---
execute q ('x')
---
explain (costs off) execute q (1)
---
deallocate q
---
execute q (1)
---
listen channel
---
notify channel, 'to myself'
---
begin
---
notify channel, 'at the end'
---
select pg_notify('channel', 'also')
---
commit
---
select pg_notify('channel', 'alone')
---
unlisten *
---
copy t (id, v, n) from stdin
\
1000	copied	1
1001	\N	2
---
copy t (id, v, n) from stdin
\
not a number	copied	1
---
copy t (id, v, n) from stdin with (format csv)
\
1002,csv,3
---
copy (select id, v from t where id > 999 order by id) to stdout
---
copy t to stdout with (format csv, header)
---
copy missing to stdout
---
copy (select 1/0) to stdout
---
select 1; copy (select 2) to stdout; select 3
---
copy t (id, n) from stdin; select count(*) from t
\
1003	1
---
begin
---
copy t (id, n) from stdin
\
1004	1
---
copy t (id, n) from stdin
\
1004	1
---
rollback
---
select repeat('x', 100000), repeat('y', 300000)
---
select g, repeat('x', 50) from generate_series(1, 3000) g
---
create materialized view m as select id, n from t
---
create unique index on m (id)
---
refresh materialized view m
---
refresh materialized view concurrently m
---
create table parts (id int, at int) partition by range (at)
---
create table part1 partition of parts for values from (0) to (10)
---
create table part2 (id int, at int)
---
alter table parts attach partition part2 for values from (10) to (20)
---
insert into parts values (1, 5), (2, 15)
---
insert into parts values (3, 500)
---
create index parts_at on parts (at)
---
reindex table parts
---
reindex index parts_at
---
begin
---
reindex table parts
---
rollback
---
cluster parts using parts_at
---
alter table parts detach partition part1
---
alter table parts detach partition part2 concurrently
---
alter table t enable row level security
---
create policy pol on t using (n > 0)
---
create role bedstone_test_reader
---
grant select on t to bedstone_test_reader
---
set role bedstone_test_reader
---
select count(*) from t
---
insert into t (id, n) values (5000, 1)
---
create table not_allowed (a int)
---
reset role
---
revoke all on t from bedstone_test_reader
---
drop role bedstone_test_reader
---
create statistics st on id, n from t
---
create extension citext
---
select 'A'::citext = 'a'::citext
---
drop extension citext
---
create temp table tmp (a int) on commit drop
---
create temp table tmp (a int)
---
insert into tmp values (1)
---
drop table tmp
---
create table as_select as select * from t where n < 3
---
select 1 as one into by_into
---
create unlogged table unlogged_one (a int)
---
alter table unlogged_one set logged
---
explain (costs off) select * from t where id = 1
---
create event trigger et on ddl_command_start execute function noisy()
---
create publication pub for table t
---
drop publication pub
---
create database in_a_transaction template nonsense
---
alter system set nonsense = 1
---
checkpoint
---
discard plans
---
begin
---
discard all
---
rollback
---
discard all
---
prepare transaction 'not in one'
---
begin
---
create table prepared_one (a int)
---
prepare transaction 'bedstone'
---
rollback prepared 'bedstone'
---
rollback prepared 'bedstone'
---
select set_config('work_mem', '5MB', true), current_setting('work_mem')
---
select current_setting('work_mem')
---
set statement_timeout = '50ms'
---
select pg_sleep(5)
---
begin
---
select count(*) from t
---
select pg_sleep(5)
---
rollback
---
reset statement_timeout
---
set default_transaction_read_only = on
---
create table not_now (a int)
---
select count(*) from t
---
set default_transaction_read_only = off
---
set default_transaction_isolation = 'serializable'
---
select count(*) from t
---
create table serial_one (a int)
---
reset default_transaction_isolation
---
set client_min_messages = 'error'
---
select noisy()
---
reset client_min_messages
---
set track_counts = off
---
select count(*) from t
---
reset track_counts
---
drop schema other
---
drop schema other cascade
---
drop table if exists t, missing cascade
---
drop owned by current_user
"""

#: Each is one Query; ``COPY … FROM STDIN`` is followed by its data, after a line ``\\``.
SCRIPT = [part.strip() for part in _TEXT.split("\n---\n")]


def parts(statement: str) -> tuple[str, bytes]:
    """Return a statement's SQL and the data for its COPY."""
    sql, _, data = statement.partition("\n\\\n")
    return sql, (data + "\n").encode() if data else b""
