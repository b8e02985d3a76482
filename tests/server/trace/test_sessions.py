# SPDX-License-Identifier: Apache-2.0
"""What happens on the wire besides statements: cancelling, leaving, copying, listening."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import psutil
import psycopg
import psycopg2
import pytest
from raw_client import FLUSH, SYNC, RawClient, bind, execute, message, parse, query

from bedstone.findings import Method
from bedstone.trace import LockMode, observe

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.server import Scratch
    from bedstone.trace import Observer


def _connect(observer: Observer) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(observer.dsn.url(), autocommit=True)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_statement_can_be_cancelled(observer: Observer) -> None:
    with _connect(observer) as connection:
        timer = threading.Timer(0.3, connection.cancel_safe)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("select pg_sleep(30)")
        timer.join()
        assert connection.execute("select 1").fetchone() == (1,)


def test_cancelling_what_has_ended_does_no_harm(observer: Observer) -> None:
    """The cancellation must not hit the question that we ask instead."""
    with _connect(observer) as connection:
        stop = threading.Event()

        def cancel() -> None:
            while not stop.is_set():
                connection.cancel_safe()

        thread = threading.Thread(target=cancel)
        connection.execute("create table t (a int)")
        connection.execute("begin")
        thread.start()
        try:
            done = 0
            for _ in range(60):
                connection.execute("savepoint s")
                try:
                    connection.execute("insert into t values (1)")
                    done += 1
                except psycopg.errors.QueryCanceled:
                    connection.execute("rollback to s")
                connection.execute("release s")
        except psycopg.errors.QueryCanceled:
            pytest.skip("a savepoint itself was cancelled, as it may be without us")
        finally:
            stop.set()
            thread.join()
        assert connection.execute("select count(*) from t").fetchone() == (done,)


def test_what_a_client_sent_before_it_vanished_is_done(
    observer: Observer, scratch: Scratch
) -> None:
    """As the server does: a statement that has arrived runs to its end, and is committed."""
    client = RawClient(observer.dsn)
    client.send(query("create table left_behind as select pg_sleep(0.3) is null as a"))
    client.close()
    with scratch.connect(autocommit=True) as connection:

        def there() -> bool:
            row = connection.execute("select to_regclass('left_behind')").fetchone()
            return row is not None and row[0] is not None

        _until(there)


def test_a_client_that_vanishes_in_its_transaction_leaves_nothing(
    observer: Observer, scratch: Scratch
) -> None:
    client = RawClient(observer.dsn)
    client.ask(query("begin"))
    client.ask(query("create table gone (a int)"))
    client.close()
    with scratch.connect(autocommit=True) as connection:
        alone = "select count(*) from pg_stat_activity where datname = current_database()"
        _until(lambda: connection.execute(alone).fetchone() == (2,))
        assert connection.execute("select to_regclass('gone')").fetchone() == (None,)
    (transaction,) = observer.trace().transactions
    assert transaction.outcome == "rolled back"


@pytest.mark.parametrize("half", [b"Q", b"Q\0\0", query("select 1")[:-3], message(b"d", b"x")])
def test_a_client_that_vanishes_in_mid_message_is_forgotten(
    observer: Observer, half: bytes
) -> None:
    client = RawClient(observer.dsn)
    client.send(half)
    client.close()
    with _connect(observer) as connection:
        ours = "select count(*) from pg_stat_activity where application_name = '' and "
        sql = ours + "backend_type = 'client backend' and datname = current_database()"
        _until(lambda: connection.execute(sql).fetchone() == (1,))


def test_a_client_that_vanishes_from_an_endless_answer_ends_it(
    observer: Observer, scratch: Scratch
) -> None:
    client = RawClient(observer.dsn)
    client.send(query("copy (select generate_series(1, 1000000000), repeat('x', 999)) to stdout"))
    client.next()
    client.close()
    with scratch.connect(autocommit=True) as connection:
        running = "select count(*) from pg_stat_activity where query like 'copy%'"
        _until(lambda: connection.execute(running).fetchone() == (0,))


def test_rows_and_copies_pass_in_constant_memory(observer: Observer) -> None:
    process = psutil.Process()
    with _connect(observer) as connection:
        connection.execute("create unlogged table big (v text)")
        before = process.memory_info().rss
        peak = before
        chunk = (b"x" * 999 + b"\n") * 256
        cursor = connection.cursor()
        with cursor.copy("copy big from stdin") as copy:
            for number in range(400):
                copy.write(chunk)
                if number % 20 == 0:
                    peak = max(peak, process.memory_info().rss)
        received = 0
        with cursor.copy("copy big to stdout") as copy:
            for number, data in enumerate(copy):
                received += len(data)
                if number % 5000 == 0:
                    peak = max(peak, process.memory_info().rss)
    assert received == 400 * len(chunk)
    assert peak - before < 40 << 20


def test_one_huge_value_passes_both_ways(observer: Observer) -> None:
    """Longer than what is kept of any message, as text of a Query and as a bound value."""
    text = "x" * (9 << 20)
    with _connect(observer) as connection:
        assert connection.execute(f"select '{text}'").fetchone() == (text,)
        assert connection.execute("select %s::text", [text]).fetchone() == (text,)
        assert connection.execute("select 1").fetchone() == (1,)


def test_notifications_arrive_when_they_are_sent(observer: Observer) -> None:
    with _connect(observer) as listener, _connect(observer) as speaker:
        listener.execute("listen channel")
        speaker.execute("notify channel, 'hello'")
        received = next(listener.notifies(timeout=10))
        assert (received.channel, received.payload) == ("channel", "hello")


def test_pipelines_are_told_as_what_they_are(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("create table t (a int primary key)")
        with connection.pipeline():
            for number in range(500):
                connection.execute("insert into t values (%s)", [number])
        with pytest.raises(psycopg.errors.UniqueViolation), connection.pipeline():
            connection.cursor().executemany("insert into t values (%s)", [[1000], [1]])
        assert connection.execute("select count(*) from t").fetchone() == (500,)
    inserts = [s for s in observer.trace().statements if s.kinds == ("insert",)]
    assert sum(s.executions for s in inserts) >= 501
    assert sum(w.inserted for s in inserts for w in s.writes) == 500
    assert inserts[-1].error is not None
    assert inserts[-1].error.sqlstate == "23505"


def test_a_pipeline_of_several_syncs_and_queries_sent_ahead(observer: Observer) -> None:
    client = RawClient(observer.dsn)
    words = parse("select 1") + bind() + execute() + SYNC
    client.send(words * 20 + query("select 2") * 20 + FLUSH + words)
    kinds = []
    while kinds.count(b"Z") < 41:
        kinds.append(client.next()[0])
    client.close()
    assert kinds.count(b"C") == 41
    assert sum(s.executions for s in observer.trace().statements) == 41


def test_a_transaction_that_begins_in_mid_pipeline_is_the_clients(
    observer: Observer, scratch: Scratch
) -> None:
    """What came before it up to the last Sync belongs to it, as without us."""
    words = [parse(sql) + bind() + execute() for sql in ("create table t (a int)", "begin")]
    words += [parse("insert into t values (1)") + bind() + execute(), SYNC]
    answers = []
    for dsn in (scratch.dsn, observer.dsn):
        client = RawClient(dsn)
        answers.append([client.ask(b"".join(words)), client.ask(query("rollback"))])
        answers[-1].append(client.ask(query("select count(*) from pg_class where relname = 't'")))
        client.close()
    assert answers[0] == answers[1]
    assert (b"Z", b"T") in answers[1][0]
    (transaction,) = (t for t in observer.trace().transactions if not t.given)
    assert transaction.outcome == "rolled back"


def test_what_cannot_be_prepared_is_told_as_an_error(observer: Observer) -> None:
    """asyncpg and JDBC prepare first; a statement that fails there is never executed."""
    client = RawClient(observer.dsn)
    client.ask(parse("select 'secret' from missing", "s") + SYNC)
    client.ask(parse("select 1", "s") + SYNC)
    client.ask(bind(name="s") + execute() + SYNC)
    client.close()
    told = [(s.sql, s.error and s.error.sqlstate) for s in observer.trace().statements]
    assert told == [(("select $1 from missing",), "42P01"), (("select $1",), None)]


def test_truncating_what_the_transaction_wrote_takes_back_no_rows(
    observer: Observer, scratch: Scratch
) -> None:
    """The server counts anew from there, so the numbers fall."""
    with scratch.connect(autocommit=True) as outside:
        outside.execute("create table older (a int)")
    with _connect(observer) as connection, connection.transaction():
        connection.execute("create table t (a int)")
        for table in ("t", "older"):
            connection.execute(f"insert into {table} select generate_series(1, 30)")
            connection.execute(f"truncate {table}")
        connection.execute("select 1")
        connection.execute("insert into t values (1)")
    statements = observer.trace().statements
    written = [(s.kinds[0], w.relation.name, w.inserted) for s in statements for w in s.writes]
    assert written == [("insert", "t", 30), ("insert", "older", 30), ("insert", "t", 1)]
    assert [r.name for s in statements for r in s.created] == ["t"]
    assert [(s.kinds[0], k.relation.name) for s in statements for k in s.locks][-1] == (
        "truncate",
        "older",
    )


def test_several_connections_at_once(observer: Observer) -> None:
    async def work(number: int) -> None:
        connection = await asyncpg.connect(observer.dsn.url())
        await connection.execute(f"create table t{number} (a int)")
        async with connection.transaction():
            await connection.copy_records_to_table(f"t{number}", records=[(i,) for i in range(99)])
            assert await connection.fetchval(f"select count(*) from t{number}") == 99
        await connection.close()

    async def run() -> None:
        await asyncio.gather(*(work(number) for number in range(12)))

    asyncio.run(run())
    trace = observer.trace()
    assert {s.session for s in trace.statements} == set(range(1, 13))
    written = {w.relation.name: w.inserted for s in trace.statements for w in s.writes}
    assert written == {f"t{number}": 99 for number in range(12)}


def test_named_cursors_of_psycopg2_go_on_after_each_question(observer: Observer) -> None:
    connection = psycopg2.connect(observer.dsn.url())
    cursor = connection.cursor(name="rows")
    cursor.itersize = 10
    cursor.execute("select generate_series(1, 95)")
    other = connection.cursor()
    other.execute("select 1")
    assert [row[0] for row in cursor] == list(range(1, 96))
    connection.close()


def test_no_other_database_is_reached_through_the_observer(observer: Observer) -> None:
    with pytest.raises(psycopg.OperationalError, match="leads to database"):
        psycopg.connect(observer.dsn.at("postgres").url())


def test_a_wrong_password_is_refused_by_the_server_itself(observer: Observer) -> None:
    words = observer.dsn.keywords() | {"password": "wrong"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**words)


def test_the_observer_ends_while_clients_are_busy(scratch: Scratch) -> None:
    with observe(scratch) as observer:
        client = RawClient(observer.dsn)
        client.send(query("select pg_sleep(60)"))
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    with pytest.raises((EOFError, ConnectionError)):
        client.next()
    client.close()


def test_a_session_that_is_ended_on_the_server_ends_at_the_client(observer: Observer) -> None:
    with _connect(observer) as connection, _connect(observer) as other:
        other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            connection.execute("select 1")


def test_whatever_bytes_arrive_nothing_hangs(observer: Observer) -> None:
    """Streams of right messages, half messages and noise; each ends by itself."""
    seed = int(os.environ.get("BEDSTONE_SEED", str(time.time_ns())))
    chance = random.Random(seed)  # noqa: S311  no secret
    pieces = [
        query("select 1"), query("begin"), query("rollback"), query("copy pg_class to stdout"),
        query("create temp table x (a int); copy x from stdin"), parse("select $1::int"),
        parse("selekt"), bind(["1"]), bind(["x"]), execute(), execute(rows=1), SYNC, SYNC, FLUSH,
        message(b"d", b"1\n"), message(b"c"), message(b"f", b"no\0"), message(b"C", b"S\0"),
        message(b"D", b"S\0"), message(b"p", b"x\0"), message(b"F", b"\0\0\0\1"),
        message(b"!", b"noise"), b"Q\0\0\0\1", b"\0" * 7, b"B\0\0\0\6\0\0",
        struct.pack("!cI", b"Q", 1 << 31),
    ]  # fmt: skip
    for _ in range(150):
        client = RawClient(observer.dsn)
        client.socket.settimeout(20)
        with suppress(ConnectionError):
            for piece in chance.choices(pieces, k=chance.randrange(1, 9)):
                client.send(piece)
        with suppress(OSError):
            client.socket.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while client.socket.recv(65536):
                pass
        client.close()
    for _ in range(50):
        address = ("127.0.0.1", observer.dsn.port or 0)
        with suppress(ConnectionError), socket.create_connection(address, timeout=20) as raw:
            raw.sendall(chance.randbytes(chance.randrange(1, 40)))
            with suppress(OSError):
                raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
    with _connect(observer) as connection:
        assert connection.execute("select 1").fetchone() == (1,), seed
        gone = "select count(*) from pg_stat_activity where datname = current_database()"
        _until(lambda: connection.execute(gone).fetchone() == (2,))
    assert len(observer._sessions) <= 1


def test_locks_last_until_the_end_of_their_transaction(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("create table t (a int)")
        with connection.transaction():
            connection.execute("alter table t add column b int")
            time.sleep(0.4)
    found = {s.sql[0]: s for s in observer.trace().statements}
    (lock,) = found["alter table t add column b int"].locks
    assert lock.mode is LockMode.ACCESS_EXCLUSIVE
    assert lock.seconds is not None
    assert 0.4 <= lock.seconds < 0.8
    assert found["alter table t add column b int"].seconds < 0.3


def test_a_savepoint_takes_back_its_locks_and_rewrites(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("create table t (a int)")
        connection.execute("insert into t select generate_series(1, 10)")
        with connection.transaction():
            connection.execute("select 1")
            with suppress(ZeroDivisionError), connection.transaction():
                connection.execute("alter table t alter a type bigint")
                raise ZeroDivisionError
            time.sleep(0.3)
            connection.execute("alter table t add column b int")
    found = {s.sql[0]: s for s in observer.trace().statements}
    taken_back = found["alter table t alter a type bigint"]
    assert [str(f.relation) for f in taken_back.rewrites] == ["public.t"]
    assert all(k.seconds is not None and k.seconds < 0.25 for k in taken_back.locks)
    later = found["alter table t add column b int"]
    assert later.rewrites == ()
    assert [k.mode for k in later.locks] == [LockMode.ACCESS_EXCLUSIVE]


def test_what_cannot_run_in_a_transaction_is_watched_from_outside(observer: Observer) -> None:
    with _connect(observer) as connection, _connect(observer) as other:
        connection.execute("create table t (a int)")
        connection.execute("insert into t select generate_series(1, 1000)")
        connection.execute("vacuum full t")
        other.execute("begin")
        other.execute("insert into t values (1)")
        threading.Timer(0.4, other.execute, ["commit"]).start()
        connection.execute("create index concurrently i on t (a)")
    found = {s.sql[0]: s for s in observer.trace().statements}
    vacuum = found["vacuum full t"]
    assert vacuum.method is Method.SAMPLED
    assert "public.t" in {str(f.relation) for f in vacuum.rewrites}
    lock = max((k for k in vacuum.locks if k.relation.name == "t"), key=lambda k: k.mode)
    assert lock.mode is LockMode.ACCESS_EXCLUSIVE
    assert lock.method in {Method.SAMPLED, Method.DERIVED}
    index = found["create index concurrently i on t (a)"]
    assert [str(r) for r in index.created] == ["public.i"]
    seen = {(k.mode, k.method) for k in index.locks if k.relation.name == "t"}
    assert (LockMode.SHARE_UPDATE_EXCLUSIVE, Method.SAMPLED) in seen


def test_values_and_secrets_are_left_out(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("create table t (a text unique, b int)")
        connection.execute("insert into t values ('hunter2', 12345) -- hunter2")
        connection.execute("insert into t values (%s, %s)", ["hunter3", 54321])
        for sql in ("insert into t values ('hunter2', 1)", "select 'hunter2'::int"):
            with pytest.raises(psycopg.Error):
                connection.execute(sql)
        with pytest.raises(psycopg.Error):
            connection.execute("selekt 'hunter2' from t where b = 12345")
        connection.execute("do $$ begin perform 'hunter2'; end $$")
    text = str(observer.trace())
    for secret in ("hunter", "12345", "54321"):
        assert secret not in text


def test_quoted_names_are_told_as_they_are(observer: Observer) -> None:
    names = ['Upper "case"', "größe", "select", "ñ" * 31]
    with _connect(observer) as connection:
        connection.execute("set client_encoding = 'LATIN1'")
        for name in names:
            connection.execute(
                psycopg.sql.SQL("create table {} (a int)").format(psycopg.sql.Identifier(name))
            )
    created = [r.name for s in observer.trace().statements for r in s.created]
    assert created == names


def test_settings_of_the_session_do_not_blind_the_observer(observer: Observer) -> None:
    settings = """
        statement_timeout = '100ms'; lock_timeout = '1ms'; search_path = decoy, pg_catalog;
        default_transaction_isolation = serializable; row_security = off; bytea_output = escape;
        client_encoding = 'LATIN1'; standard_conforming_strings = off; quote_all_identifiers = on;
        enable_seqscan = off; datestyle = german; extra_float_digits = 0; work_mem = '64kB';
        xmloption = document; client_min_messages = debug5; force_parallel = 0
    """
    with _connect(observer) as connection:
        connection.execute("create schema decoy")
        connection.execute("create table decoy.pg_class (oid int)")
        connection.execute(
            "create function decoy.pg_backend_pid() returns int language sql as 'select 0'"
        )
        connection.execute("create role bedstone_test_nobody")
        try:
            connection.execute("grant all on schema public to bedstone_test_nobody")
            for setting in settings.split(";")[:-1]:
                connection.execute(f"set {setting}")
            connection.execute("set role bedstone_test_nobody")
            connection.execute("create table public.seen (a int)")
            with connection.transaction():
                connection.execute("insert into public.seen values (1)")
            connection.execute("reset role")
        finally:
            connection.execute("drop owned by bedstone_test_nobody")
            connection.execute("drop role bedstone_test_nobody")
    found = {s.sql[0]: s for s in observer.trace().statements}
    create = found["create table public.seen (a int)"]
    assert [str(r) for r in create.created] == ["public.seen"]
    insert = found["insert into public.seen values ($1)"]
    assert [w.inserted for w in insert.writes] == [1]
    assert insert.unknown == ()
    assert not any(s.unknown for s in found.values() if s.error is None)


def test_what_one_transaction_read_is_not_counted_for_the_next(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("create table t (a int)")
        connection.execute("insert into t select generate_series(1, 10)")
        connection.execute("select count(*) from t")
        with pytest.raises(psycopg.Error):
            connection.execute("select 1 / (a - 10) from t")
        connection.execute("do $$ begin perform count(*) from t; commit; end $$")
        connection.execute("select count(*) from t")
    last = observer.trace().statements[-1]
    assert [(s.scans, s.rows) for s in last.scans] == [(1, 10)]


def test_the_same_statement_many_times_is_told_once(observer: Observer) -> None:
    """A script of a million INSERTs must not take a gigabyte."""
    with _connect(observer) as connection:
        connection.execute("create table t (a int)")
        with connection.transaction():
            for number in range(100):
                connection.execute(f"insert into t values ({number})")
            connection.execute("select count(*) from t")
            connection.execute("select count(*) from t")
            connection.execute("insert into t values (1)")
    inserts, counts, last = (
        s for s in observer.trace().statements if s.kinds in {("insert",), ("select",)}
    )
    assert (inserts.executions, counts.executions, last.executions) == (100, 2, 1)
    assert [w.inserted for w in inserts.writes] == [100]
    assert [(s.scans, s.rows) for s in counts.scans] == [(2, 200)]
    assert [str(k.mode) for k in inserts.locks] == ["ROW EXCLUSIVE"]


def test_what_a_transaction_does_to_its_own_tables_is_told_statement_by_statement(
    observer: Observer,
) -> None:
    with _connect(observer) as connection, connection.transaction():
        connection.execute("create table t (a int)")
        connection.execute("insert into t select generate_series(1, 10)")
        connection.execute("create index on t (a)")
        with suppress(ZeroDivisionError), connection.transaction():
            connection.execute("create table u (a int)")
            connection.execute("delete from t where a > 3")
            raise ZeroDivisionError
        connection.execute("update t set a = a + 1")
        connection.execute("drop table t")
    found = {s.sql[0]: s for s in observer.trace().statements}
    told = {
        sql: [(w.relation.name, w.inserted, w.updated, w.deleted) for w in statement.writes]
        for sql, statement in found.items()
        if statement.writes
    }
    assert told == {
        "insert into t select generate_series($1, $2)": [("t", 10, 0, 0)],
        "delete from t where a > $1": [("t", 0, 0, 7)],
        "update t set a = a + $1": [("t", 0, 10, 0)],
    }
    assert [s.rows for s in found["create index on t (a)"].scans] == [10]
    assert [s.rows for s in found["update t set a = a + $1"].scans] == [10]
    assert all(lock.seconds is not None for s in found.values() for lock in s.locks)


def test_a_table_that_another_session_rewrote_is_not_told_as_rewritten(
    observer: Observer, scratch: Scratch
) -> None:
    """What is remembered of a relation from one transaction to the next may be out of date."""
    with _connect(observer) as connection, scratch.connect(autocommit=True) as other:
        connection.execute("create table t (a int)")
        other.execute("insert into t select generate_series(1, 10)")
        other.execute("alter table t alter a type bigint")
        connection.execute("alter table t add column b int")
        other.execute("drop table t; create table t (a int)")
        connection.execute("alter table t add column b int")
    alters = [s for s in observer.trace().statements if s.kinds == ("alter_table",)]
    assert [s.rewrites for s in alters] == [(), ()]
    assert [(str(k.relation), k.relation.created) for s in alters for k in s.locks] == [
        ("public.t", False),
        ("public.t", False),
    ]


def test_the_database_may_be_set_back_meanwhile(observer: Observer, scratch: Scratch) -> None:
    """Our session outside is ended with all others, and comes back."""
    for _ in range(2):
        with _connect(observer) as connection:
            connection.execute("create table t (a int)")
            connection.execute("vacuum t")
        scratch.reset()
    creates = [s for s in observer.trace().statements if s.kinds == ("create",)]
    assert [[str(r) for r in s.created] for s in creates] == [["public.t"]] * 2
    assert all(s.unknown == () for s in creates)


def test_the_server_greets_the_client_as_without_us(observer: Observer, scratch: Scratch) -> None:
    plain = RawClient(scratch.dsn, application_name="greeted", options="-c work_mem=5MB")
    through = RawClient(observer.dsn, application_name="greeted", options="-c work_mem=5MB")
    shown = [client.ask(query("show work_mem")) for client in (plain, through)]
    plain.close()
    through.close()
    assert plain.parameters == through.parameters
    assert len(plain.key) == len(through.key)
    assert shown[0] == shown[1]


def test_labels_are_put_on_what_begins_after_them(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("select 1")
        observer.label("0042")
        connection.execute("select 2")
        observer.label(None)
        connection.execute("select 3")
    assert [s.label for s in observer.trace().statements] == [None, "0042", None]


def test_what_a_transaction_made_is_told_though_its_commit_follows_at_once(
    observer: Observer,
) -> None:
    """The session outside is asked while the client goes on, but before it can commit."""
    client = RawClient(observer.dsn)
    names = [f"made_{number}" for number in range(30)]
    for name in names:
        client.send(query("begin") + query(f"create table {name} (a int)") + query("commit"))
    ready = 0
    while ready < 3 * len(names):
        ready += client.next()[0] == b"Z"
    client.close()
    created = [r for s in observer.trace().statements for r in s.created]
    assert [r.name for r in created] == names
    assert all(r.created for r in created)


def test_settings_before_a_statement_keep_it_from_nothing(observer: Observer) -> None:
    """Several statements of one Query are a transaction anyway."""
    with _connect(observer) as connection:
        connection.execute("create table t (a int)")
        connection.execute("set lock_timeout = '5s'; alter table t alter a type bigint")
    (alter,) = [s for s in observer.trace().statements if "alter_table" in s.kinds]
    assert alter.method is Method.MEASURED
    assert max(k.mode for k in alter.locks) is LockMode.ACCESS_EXCLUSIVE
    assert alter.lock_timeout == "5s"


def test_what_a_cursor_reads_is_its_own(observer: Observer) -> None:
    with _connect(observer) as connection:
        connection.execute("create table t (a int)")
        connection.execute("create table u (a int)")
        connection.execute("insert into t select generate_series(1, 40)")
        connection.execute("begin")
        connection.execute("declare c cursor for select * from t")
        connection.execute("fetch 10 from c")
        connection.execute("fetch all from c")
        connection.execute("insert into u values (1)")
        connection.execute("declare h cursor with hold for select * from t")
        connection.execute("commit")
        connection.execute("fetch all from h")
        connection.execute("insert into u values (2)")
    statements = observer.trace().statements
    read = [(s.kinds[0], sum(f.rows for f in s.scans)) for s in statements if s.scans]
    assert read == [("fetch", 10), ("fetch", 30)]
    (declared, *_) = [s for s in statements if s.kinds == ("declare_cursor",)]
    assert [(k.relation.name, k.mode) for k in declared.locks] == [("t", LockMode.ACCESS_SHARE)]
    assert [k.relation.name for s in statements[-3:] for k in s.locks] == ["u"]
