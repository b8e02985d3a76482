# SPDX-License-Identifier: Apache-2.0
"""Where each driver connects, and the guard's hook there."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os

from .guard import Guard, watch_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def guard_psycopg2(module: Any, guard: Guard) -> None:
    """Wrap the C function that every ``psycopg2.connect`` ends in."""
    connect = module._connect
    extensions = importlib.import_module("psycopg2.extensions")

    def guarded(dsn: str, connection_factory: Any = None, **kwargs: Any) -> Any:
        words = extensions.parse_dsn(dsn)
        changes = admit_libpq(guard, "psycopg2", words)
        if changes:
            dsn = extensions.make_dsn(dsn, **changes)
        connection = connect(dsn, connection_factory=connection_factory, **kwargs)
        if any(kwargs.values()):
            connection.close()
            raise guard.refuse("psycopg2 (asynchronous)", "postgresql", "", "", "", "")
        before = connection.autocommit
        connection.autocommit = True
        cursor = extensions.cursor(connection)
        try:
            cursor.execute(guard.witness)
            guard.confirm("psycopg2", len(cursor.fetchall()))
        except BaseException:
            connection.close()
            raise
        finally:
            cursor.close()
        connection.autocommit = before
        guard.remember(*watch_reference(connection, lambda c: not c.closed, lambda c: c.close()))
        return connection

    module._connect = guarded


def admit_libpq(guard: Guard, driver: str, words: dict[str, Any]) -> dict[str, Any]:
    """Ask the guard about libpq's keywords."""
    if words.get("service"):
        service = "the service " + str(words["service"])
        dbname, user = words.get("dbname"), words.get("user")
        raise guard.refuse(driver, "postgresql", service, "", dbname, user)
    host = words.get("host") or words.get("hostaddr")
    place = (words.get("port"), words.get("dbname"), words.get("user"))
    changes = guard.admit(driver, host, *place)
    if guard.has_no_tls:
        if words.get("sslmode") in ("require", "verify-ca", "verify-full"):
            changes["sslmode"] = "prefer"
        if words.get("channel_binding") == "require":
            changes["channel_binding"] = "prefer"
    return changes


def guard_psycopg_addresses(module: Any, guard: Guard) -> None:
    """Wrap what psycopg 3 resolves host names with: a refused name is not even looked up."""
    attempts, attempts_async = module.conninfo_attempts, module.conninfo_attempts_async

    @functools.wraps(attempts)
    def guarded(params: Any, *args: Any, **kwargs: Any) -> Any:
        params = dict(params, **admit_libpq(guard, "psycopg", params))
        return attempts(params, *args, **kwargs)

    @functools.wraps(attempts_async)
    async def guarded_async(params: Any, *args: Any, **kwargs: Any) -> Any:
        params = dict(params, **admit_libpq(guard, "psycopg", params))
        return await attempts_async(params, *args, **kwargs)

    module.conninfo_attempts, module.conninfo_attempts_async = guarded, guarded_async


def guard_psycopg(module: Any, guard: Guard) -> None:
    """Wrap the generator in which every psycopg 3 connection begins, sync and async."""
    connect = module.connect

    def guarded(conninfo: str, *args: Any, **kwargs: Any) -> Any:
        words = importlib.import_module("psycopg.conninfo")
        changes = admit_libpq(guard, "psycopg", words.conninfo_to_dict(conninfo))
        if changes:
            conninfo = words.make_conninfo(conninfo, **changes)
        pgconn = yield from connect(conninfo, *args, **kwargs)
        try:
            result = pgconn.exec_(guard.witness.encode())
            guard.confirm("psycopg", result.ntuples)
        except BaseException:
            pgconn.finish()
            raise
        guard.remember(*watch_reference(pgconn, lambda c: c.status == 0, lambda c: c.finish()))
        return pgconn

    module.connect = guarded


def guard_asyncpg(module: Any, guard: Guard) -> None:
    """Wrap what asyncpg resolves its parameters with, and what it connects with."""
    parse = module._parse_connect_arguments
    connect = module._connect

    @functools.wraps(parse)
    def guarded_parse(**kwargs: Any) -> Any:
        addresses, params, config = parse(**kwargs)
        admitted = []
        for address in addresses:
            if isinstance(address, str):
                host, port = os.path.dirname(address), address.rpartition(".")[2]
            else:
                host, port = address[0], str(address[1])
            changes = guard.admit("asyncpg", host, port, params.database, params.user)
            if changes:
                admitted.append(asyncpg_address(changes))
                params = replaced(params, database=changes["dbname"])
                if "user" in changes:
                    params = replaced(
                        params, user=changes["user"], password=changes.get("password")
                    )
            else:
                admitted.append(address)
        if guard.has_no_tls and getattr(params, "ssl", None) is not None:
            params = replaced(params, ssl=None, **without_tls(module, params))
        return admitted, params, config

    @functools.wraps(connect)
    async def guarded_connect(*args: Any, **kwargs: Any) -> Any:
        connection = await connect(*args, **kwargs)
        try:
            status = await connection.execute(guard.witness)
            guard.confirm("asyncpg", int(status.rpartition(" ")[2] or 0))
        except BaseException:
            connection.terminate()
            raise
        transport = connection._transport
        guard.remember(
            *watch_reference(
                connection, lambda c: not c.is_closed(), lambda _: shut_down(transport)
            )
        )
        return connection

    module._parse_connect_arguments = guarded_parse
    module._connect = guarded_connect


def without_tls(module: Any, params: Any) -> dict[str, Any]:
    """Return what else turns TLS off in this version of asyncpg."""
    changes: dict[str, Any] = {}
    if hasattr(params, "sslmode") and hasattr(module, "SSLMode"):
        changes["sslmode"] = module.SSLMode.disable
    if hasattr(params, "direct_tls"):
        changes["direct_tls"] = False
    return changes


def asyncpg_address(address: dict[str, Any]) -> Any:
    """Return an address as asyncpg resolves it."""
    host, port = str(address["host"]), int(address.get("port") or 5432)
    if host.startswith("/"):
        return os.path.join(host, ".s.PGSQL.%d" % port)
    return (host, port)


def replaced(params: Any, **changes: Any) -> Any:
    """Return a copy of asyncpg's parameters, a named tuple or a data class by its version."""
    if hasattr(params, "_replace"):
        return params._replace(**changes)
    import dataclasses

    return dataclasses.replace(params, **changes)


def shut_down(transport: Any) -> None:
    """End a connection whose event loop is gone."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.shutdown(2)


def guard_pg8000(module: Any, guard: Guard) -> None:
    """Wrap the constructor of pg8000's connections."""
    cls = module.CoreConnection
    original = cls.__init__
    signature = inspect.signature(original)

    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        host, port = given.get("host"), given.get("port")
        if given.get("unix_sock"):
            path = str(given["unix_sock"])
            host, port = os.path.dirname(path), path.rpartition(".")[2]
        changes = guard.admit("pg8000", host, port, given.get("database"), given.get("user"))
        for key, value in changes.items():
            given["database" if key == "dbname" else key] = int(value) if key == "port" else value
        if changes:
            given["unix_sock"] = None
        if guard.has_no_tls and given.get("ssl_context"):
            given["ssl_context"] = None
        original(*bound.args, **bound.kwargs)
        try:
            guard.confirm("pg8000", len(self.execute_simple(guard.witness).rows or ()))
        except BaseException:
            self.close()
            raise
        guard.remember(
            *watch_reference(self, lambda c: c._usock is not None, lambda c: c._usock.close())
        )

    cls.__init__ = guarded


def guard_sqlalchemy(guard: Guard) -> None:
    """Refuse engines of other database systems, and check drivers that have no hook of ours."""
    event = importlib.import_module("sqlalchemy.event")
    engine_class = importlib.import_module("sqlalchemy.engine").Engine
    pool_class = importlib.import_module("sqlalchemy.pool").Pool

    def before(dialect: Any, record: Any, cargs: Any, cparams: Any) -> None:
        if dialect.name == "postgresql":
            if dialect.driver not in HOOKED:
                record.info["bedstone"] = dialect.driver
                dbname = cparams.get("database") or cparams.get("dbname")
                host, port, user = (cparams.get(key) for key in ("host", "port", "user"))
                guard.admit(dialect.driver, host, port, dbname, user, is_fixed=True)
            return
        database = cparams.get("database") or (cargs[0] if cargs else "")
        if dialect.name == "sqlite" and database in ("", ":memory:"):
            return
        driver = "%s+%s" % (dialect.name, dialect.driver)
        host = cparams.get("host") or ""
        raise guard.refuse(driver, dialect.name, host, "", database, cparams.get("user"))

    def after(connection: Any, record: Any) -> None:
        driver = record.info.pop("bedstone", None)
        if driver is not None:
            cursor = connection.cursor()
            cursor.execute(guard.witness)
            guard.confirm(driver, len(cursor.fetchall()))
            cursor.close()
            connection.rollback()

    event.listen(engine_class, "do_connect", before)
    event.listen(pool_class, "connect", after)


#: SQLAlchemy's names of the drivers that have a hook of ours.
HOOKED = ("psycopg2", "psycopg", "psycopg_async", "asyncpg", "pg8000")


HOOKS = {
    "psycopg2": guard_psycopg2,
    "psycopg.conninfo": guard_psycopg_addresses,
    "psycopg.generators": guard_psycopg,
    "asyncpg.connect_utils": guard_asyncpg,
    "pg8000.core": guard_pg8000,
}


def with_guard(hook: Callable[[Any, Guard], None], guard: Guard, module: Any) -> None:
    """Call a hook with its arguments in the order that it takes them."""
    hook(module, guard)
