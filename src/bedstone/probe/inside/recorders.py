# SPDX-License-Identifier: Apache-2.0
"""Where each driver sends a statement, and the hook there that has it noted."""

from __future__ import annotations

import contextlib
import functools
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    #: Takes the process id of the server's session and the text that is about to be sent to it.
    Note = Callable[[int, Any], None]


def before(cls: Any, name: str, tell: Callable[..., None]) -> None:
    """Have *tell* called, with the same arguments, before a method of *cls*, if there is one."""
    original = vars(cls).get(name)
    if original is None:
        return

    @functools.wraps(original)
    def told(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(Exception):
            tell(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(cls, name, told)


def record_psycopg2(note: Note, module: Any) -> None:
    """Make its connections give cursors that note; both are written in C and take no hook."""
    connect = module._connect
    extensions = sys.modules["psycopg2.extensions"]

    made: dict[Any, Any] = {}

    def derived(base: Any, methods: dict[str, Any]) -> Any:
        if base not in made:
            made[base] = type(base.__name__, (base,), methods)
        return made[base]

    def cursor_class(base: Any) -> Any:
        return derived(base, _cursor_methods(note, base))

    def connection_class(base: Any) -> Any:
        def cursor(self: Any, *args: Any, **kwargs: Any) -> Any:
            chosen = kwargs.get("cursor_factory") or self.cursor_factory
            is_plain = base.cursor is extensions.connection.cursor
            if len(args) < 2 and chosen in (None, extensions.cursor) and (is_plain or chosen):
                kwargs["cursor_factory"] = cursor_class(extensions.cursor)
            found = base.cursor(self, *args, **kwargs)
            if not hasattr(found, "_bedstone"):
                with contextlib.suppress(TypeError):
                    found.__class__ = cursor_class(type(found))
            return found

        return derived(base, {"cursor": cursor})

    def noting(dsn: Any, connection_factory: Any = None, **kwargs: Any) -> Any:
        factory = connection_factory or extensions.connection
        if isinstance(factory, type):
            factory = connection_class(factory)
        return connect(dsn, connection_factory=factory, **kwargs)

    module._connect = noting


def _cursor_methods(note: Note, base: Any) -> dict[str, Any]:
    def tell(cursor: Any, query: Any, values: Any = None) -> None:
        if cursor.name is not None:
            return  # sent as DECLARE, in words that only the driver knows
        with contextlib.suppress(Exception):
            note(cursor.connection.get_backend_pid(), cursor.mogrify(query, values))

    def execute(self: Any, query: Any, vars: Any = None) -> Any:  # noqa: A002  its name there
        tell(self, query, vars)
        return base.execute(self, query, vars)

    def executemany(self: Any, query: Any, vars_list: Any) -> Any:
        def rows() -> Iterator[Any]:
            for values in vars_list:
                tell(self, query, values)
                yield values

        return base.executemany(self, query, rows())

    def copy_expert(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
        tell(self, sql)
        return base.copy_expert(self, sql, *args, **kwargs)

    methods = {"execute": execute, "executemany": executemany, "copy_expert": copy_expert}
    return dict(methods, _bedstone=True)


def record_psycopg(note: Note, module: Any) -> None:
    """Wrap the two methods in which every psycopg 3 cursor sends, sync and async."""

    def tell(cursor: Any, query: Any, **_: Any) -> None:
        note(cursor._pgconn.backend_pid, query.query)

    def tell_prepared(cursor: Any, _: Any, pgq: Any, **__: Any) -> None:
        note(cursor._pgconn.backend_pid, pgq.query)

    for cls in (getattr(module, "BaseCursor", None), getattr(module, "ClientCursorMixin", None)):
        if cls is not None and cls.__module__ == module.__name__:
            before(cls, "_execute_send", tell)
            before(cls, "_send_query_prepared", tell_prepared)


def record_asyncpg(note: Note, module: Any) -> None:
    """Wrap what the protocol, written in Cython, is asked to do."""

    def tell(protocol: Any, *args: Any, **kwargs: Any) -> None:
        named = (kwargs[name] for name in ("query", "state", "copy_stmt") if name in kwargs)
        text = args[0] if args else next(named)
        note(protocol.get_server_pid(), getattr(text, "query", text))

    for name in ("query", "bind_execute", "bind_execute_many", "execute", "copy_in", "copy_out"):
        before_inherited(module.Protocol, name, tell)


def before_inherited(cls: Any, name: str, tell: Callable[..., None]) -> None:
    """As ``before``, where the method is that of a class written in C."""
    if name not in vars(cls) and hasattr(cls, name):
        setattr(cls, name, _inherited(cls, name))
    before(cls, name, tell)


def _inherited(cls: Any, name: str) -> Any:
    original = getattr(cls, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return original(self, *args, **kwargs)

    return functools.wraps(original)(method)


def record_pg8000(note: Note, module: Any) -> None:
    """Wrap the methods in which pg8000's connections send."""

    def tell(connection: Any, statement: Any, *_: Any, **__: Any) -> None:
        note(int.from_bytes(connection._backend_key_data[:4], "big"), statement)

    for name in ("execute_simple", "execute_unnamed"):
        before(module.CoreConnection, name, tell)


RECORDERS: dict[str, Callable[[Note, Any], None]] = {
    "psycopg2": record_psycopg2,
    "psycopg.cursor": record_psycopg,
    "psycopg._cursor_base": record_psycopg,
    "psycopg.client_cursor": record_psycopg,
    "asyncpg.protocol.protocol": record_asyncpg,
    "pg8000.core": record_pg8000,
}
