# SPDX-License-Identifier: Apache-2.0
"""The one file of bedstone that runs in the user's interpreter.

It is started as a program by ``bedstone.probe.client``, needs nothing but the standard library
(Python 3.8 or newer), and works with the Alembic (1.8 or newer) and SQLAlchemy (1.3 or newer) that
it finds there. What happens:

* The first process becomes the *supervisor*: it does nothing but end every process that descends
  from it as soon as the client is gone, however that came about.
* Its child is the *warm* process. It loads the project and runs its ``env.py`` once, so that
  imports are paid once.
* Every run happens in a *fork* of the warm process, in a session (and process group) of its own.

Both ends talk in JSON lines over an inherited socket. Standard output and error belong to the
user's code; standard input is ``/dev/null``.

The guard is what keeps the user's code away from every other database: see :class:`Guard`.
"""

# The interpreter of a project may be Python 3.8: newer syntax and newer library names are out.

from __future__ import annotations

import sys

if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False):
    sys.path.pop(0)  # the folder of this file, which no project may see

import atexit
import contextlib
import faulthandler
import functools
import gc
import importlib
import importlib.util
import inspect
import json
import os
import re
import signal
import threading
import time
import traceback
import warnings
import weakref
from select import select

PROTOCOL = 1
OLDEST_ALEMBIC = (1, 8)
OLDEST_SQLALCHEMY = (1, 3)
DRIVERS = ("psycopg2", "psycopg", "asyncpg", "pg8000")
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, ClassVar

# Kept from before the user's code can replace them (gevent, freezegun …).
_fork = os.fork
_clock = time.perf_counter
_Lock = threading.Lock


class ProjectError(Exception):
    """Something about the project that the client turns into a coded error."""

    def __init__(self, kind: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.facts = facts


class AddressRefused(Exception):
    """The user's code was about to reach a database that is not ours."""


class Channel:
    """JSON lines over one descriptor, written whole from any thread."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.buffer = b""
        self.lock = _Lock()

    def send(self, event: str, **facts: Any) -> None:
        """Write one message. The leading newline ends what a killed process left half written."""
        text = json.dumps(dict(facts, event=event), default=str)
        data = ("\n" + text + "\n").encode("utf-8", "backslashreplace")
        with self.lock:
            while data:
                data = data[os.write(self.descriptor, data) :]

    def receive(self) -> dict[str, Any] | None:
        """Wait for one message; ``None`` when the client is gone."""
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if newline:
                self.buffer = rest
                if line.strip():
                    message: dict[str, Any] = json.loads(line)
                    return message
                continue
            data = os.read(self.descriptor, 65536)
            if not data:
                return None
            self.buffer += data

    def is_closed(self, seconds: float) -> bool:
        """Wait up to *seconds* for the client to speak; tell whether it is gone."""
        if not select([self.descriptor], [], [], seconds)[0]:
            return False
        data = os.read(self.descriptor, 65536)
        self.buffer += data
        return not data


# --- the supervisor ------------------------------------------------------------------------------


def supervise(lifeline: int) -> None:
    """Fork the warm process and return in it; end everything when *lifeline* closes."""
    adopt_orphans()
    pid = _fork()
    if pid == 0:
        os.close(lifeline)
        return
    for descriptor in range(3, 256):
        if descriptor != lifeline:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    status = None
    while status is None:
        gone = select([lifeline], [], [], 0.2)[0] and not os.read(lifeline, 1)
        if gone:
            break
        status = reap(pid)
    end_descendants()
    os._exit(0 if status is None else status >> 8 or (status & 127 and 128 + (status & 127)))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def reap(pid: int) -> int | None:
    """Collect ended children; return the status of *pid* once it has ended."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if ended == pid:
            return status
        if ended == 0:
            return None


def end_descendants() -> None:
    """Kill every process that descends from this one, until there is none."""
    for _ in range(50):
        found = descendants(os.getpid())
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reap(-2)
        if not found:
            return
        time.sleep(0.02)


def descendants(root: int) -> list[int]:
    """Return the processes below *root* that still run."""
    parents = {}
    if os.path.isdir("/proc/self"):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open("/proc/%s/stat" % name, "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                    if fields[0] != b"Z":
                        parents[int(name)] = int(fields[1])
    else:
        import subprocess

        listing = subprocess.run(
            ["/bin/ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, check=False
        ).stdout
        for line in listing.splitlines():
            words = line.split()
            if len(words) == 3 and not words[2].startswith(b"Z"):
                parents[int(words[0])] = int(words[1])
    found, queue = [], [root]
    while queue:
        parent = queue.pop()
        for pid, above in parents.items():
            if above == parent and pid not in found and pid != os.getpid():
                found.append(pid)
                queue.append(pid)
    return found


# --- what the user's code reads from its environment ---------------------------------------------


class RecordedEnvironment(os._Environ):  # type: ignore[type-arg]
    """``os.environ`` that remembers which names were asked for."""

    names: ClassVar[dict[str, bool]] = {}

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            RecordedEnvironment.names[key] = True
        return super().__getitem__(key)


_ADDRESS_NAME = re.compile(
    r"(URL|URI|DSN|CONN|DATABASE|POSTGRES|PGSQL|SQL|(^|_)(DB|PG)|(^|_)(HOST|PORT|USER))",
    re.IGNORECASE,
)
_OTHER_NAME = re.compile(
    r"ALEMBIC|REDIS|CELERY|BROKER|AMQP|RABBIT|KAFKA|NATS|MONGO|ELASTIC|SENTRY|SMTP|MAIL|LDAP|OIDC|OAUTH"
    r"|S3_|AWS|HTTP|PROXY|WEBHOOK|API_|BASE_URL|SITE|FRONTEND|PUBLIC|COVERAGE|POOL|ECHO|TIMEOUT",
    re.IGNORECASE,
)
_PARTS = (
    ("host", re.compile(r"(HOST(NAME)?|SERVER|ADDR(ESS)?)$", re.IGNORECASE)),
    ("port", re.compile(r"PORT$", re.IGNORECASE)),
    ("password", re.compile(r"(PASS(WORD|WD)?|PWD|SECRET)$", re.IGNORECASE)),
    ("user", re.compile(r"(USER(NAME)?|LOGIN|ROLE)$", re.IGNORECASE)),
    ("url", re.compile(r"(URL|URI|DSN|CONN(ECTION)?(_STRING)?|SQL_ALCHEMY_CONN)$", re.IGNORECASE)),
    ("dbname", re.compile(r"(DB|NAME|DATABASE|DBNAME|DB_NAME)$", re.IGNORECASE)),
)


def address_names(given: Sequence[str]) -> list[dict[str, str]]:
    """Return the variables that may hold the database address, each with the part it holds."""
    names = [n for n in RecordedEnvironment.names if _ADDRESS_NAME.search(n)]
    names += [n for n in settings_names() if _ADDRESS_NAME.search(n) and n not in names]
    found = []
    for name in names:
        if name in given or name.startswith(("PG", "BEDSTONE")) or _OTHER_NAME.search(name):
            continue
        for part, pattern in _PARTS:
            if pattern.search(name):
                found.append({"name": name, "part": part})
                break
    return found


def is_about(error: BaseException, name: str) -> bool:
    """Whether *error* may come from what the variable *name* holds, or that it is not there."""
    text = str(error).lower()
    parts = name.lower().split("_")
    tails = {"_".join(parts[start:]) for start in range(len(parts))}
    if any(re.search(r"\b%s\b" % re.escape(tail), text) for tail in tails if len(tail) > 3):
        return True
    return type_name(error).startswith("sqlalchemy.exc.Argument")


def settings_names() -> list[str]:
    """Return the variables that the project's pydantic settings read."""
    names = []
    for module_name in ("pydantic_settings", "pydantic"):
        base = getattr(sys.modules.get(module_name), "__dict__", {}).get("BaseSettings")
        todo: list[Any] = list(base.__subclasses__()) if isinstance(base, type) else []
        while todo:
            cls = todo.pop()
            todo += cls.__subclasses__()
            if cls.__module__.startswith(("pydantic", "alembic")):
                continue
            config = getattr(cls, "model_config", {}) or {}
            prefix = str(config.get("env_prefix", "") if isinstance(config, dict) else "")
            fields = getattr(cls, "model_fields", None) or getattr(cls, "__fields__", {})
            names += [(prefix + name).upper() for name in fields]
    return names


# --- the guard -----------------------------------------------------------------------------------


class Guard:
    """Keeps the user's code away from every database but one.

    Before a driver connects, host, port and database are compared with the address that was
    given; after it has connected, the new session must see the advisory lock that the client
    holds in that database (its *witness*). Only then is the connection handed over.

    The user's code may remember the address it was first given; a later run on another database
    of ours then leads that first address to the present one.
    """

    def __init__(self, channel: Channel | RefusalLog) -> None:
        self.channel = channel
        self.announced: dict[str, Any] = {}
        self.actual: dict[str, Any] = {}
        self.witness = ""
        self.given_names: list[str] = []
        self.refusals: list[dict[str, Any]] = []
        self.open: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self.driver = ""
        self.confirmed = 0

    def point(self, address: dict[str, Any], witness: str, names: Sequence[str]) -> None:
        """Let connections through to *address* from now on."""
        if self.actual != address:
            self.confirmed = 0
        self.announced = self.announced or dict(address)
        self.actual = dict(address)
        self.witness = witness
        self.given_names = list(names)

    def admit(
        self,
        driver: str,
        host: Any,
        port: Any,
        dbname: Any,
        user: Any = None,
        *,
        is_fixed: bool = False,
    ) -> dict[str, Any]:
        """Return what to change in the parameters of a connection, or refuse it.

        With *is_fixed* they cannot be changed.
        """
        self.driver = driver
        host = host or os.environ.get("PGHOST") or ""
        user = user or os.environ.get("PGUSER") or ""
        port = port or os.environ.get("PGPORT") or 5432
        dbname = dbname or os.environ.get("PGDATABASE") or user
        if self._is(self.actual, host, str(port), dbname):
            return {}
        if self._is(self.announced, host, str(port), dbname) and not is_fixed:
            changes = {key: self.actual[key] for key in ("host", "port", "dbname")}
            if user == self.announced.get("user"):
                changes["user"] = self.actual.get("user")
                changes["password"] = self.actual.get("password")
            return {key: value for key, value in changes.items() if value is not None}
        raise self.refuse(driver, "postgresql", host, port, dbname, user)

    def refuse(
        self, driver: str, scheme: str, host: Any, port: Any, dbname: Any, user: Any
    ) -> AddressRefused:
        """Tell the client about a connection that is not let through; return the exception."""
        place = "%s%s%s" % (user + "@" if user else "", host, ":%s" % port if port else "")
        address = "%s://%s/%s" % (scheme, place, dbname or "")
        facts = {
            "address": address,
            "driver": driver,
            "names": address_names(self.given_names),
            "reason": "address",
        }
        return self._refused(facts, "bedstone refused a connection to %s" % address)

    def _refused(self, facts: dict[str, Any], message: str) -> AddressRefused:
        self.refusals.append(facts)
        self.channel.send("refused", **facts)
        return AddressRefused(message)

    @property
    def has_no_tls(self) -> bool:
        """Whether our server is one on this machine that was not asked to speak TLS.

        A project that demands TLS of its own server is let off here.
        """
        host = str(self.actual.get("host") or "")
        is_near = host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
        return is_near and not self.actual.get("sslmode")

    def confirm(self, driver: str, rows: int, address: str = "") -> None:
        """Refuse a connected session unless it saw the witness (*rows* is what it counted)."""
        if rows < 1:
            facts = {"address": address, "driver": driver, "names": [], "reason": "witness"}
            raise self._refused(facts, "bedstone refused a session that is not on its database")
        self.confirmed += 1

    def remember(self, is_open: Callable[[], bool], close: Callable[[], None]) -> None:
        """Note a connection, so that none is shared between the warm process and its forks."""
        self.open = [entry for entry in self.open if entry[0]()]
        self.open.append((is_open, close))

    def close_all(self) -> int:
        """Close every connection that is still open and return how many there were."""
        alive = [entry for entry in self.open if entry[0]()]
        for _, close in alive:
            with contextlib.suppress(Exception):
                close()
        self.open = []
        return len(alive)

    @staticmethod
    def _is(address: dict[str, Any], host: Any, port: str, dbname: Any) -> bool:
        ours, theirs = str(address.get("host") or ""), str(host)
        loopback = ("localhost", "127.0.0.1", "::1")
        same_host = ours.rstrip("/") == theirs.rstrip("/") or (
            ours in loopback and theirs in loopback
        )
        return (
            same_host
            and str(address.get("port") or 5432) == port
            and (address.get("dbname") == dbname)
        )


def _same(thing: Any) -> Any:
    return thing


def watch_reference(
    thing: Any, is_open: Callable[[Any], bool], close: Callable[[Any], None]
) -> Any:
    """Return the two functions that ``Guard.remember`` takes, holding *thing* weakly."""
    reference: Callable[[], Any]
    try:
        reference = weakref.ref(thing)
    except TypeError:
        reference = functools.partial(_same, thing)

    def still_open() -> bool:
        alive = reference()
        return alive is not None and is_open(alive)

    def end() -> None:
        alive = reference()
        if alive is not None:
            close(alive)

    return still_open, end


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


class ImportHook:
    """Calls a function with each module it waits for, right after that module was loaded.

    A module may be looked for without being loaded, and loaded more than once; so nothing is
    crossed off.
    """

    def __init__(self, actions: dict[str, Callable[[Any], None]]) -> None:
        self.actions = actions

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find the module as the other finders do, and hook into its loading."""
        action = self.actions.get(name)
        if action is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._wrap(spec.loader, action)
                return spec
        return None

    @staticmethod
    def _wrap(loader: Any, action: Callable[[Any], None]) -> None:
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            action(module)

        loader.exec_module = exec_module


class RefusalLog:
    """Takes a guard's events where there is no channel: one JSON line each, in a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def send(self, event: str, **facts: Any) -> None:
        """Append one event."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(dict(facts, event=event), default=str) + "\n")


def guard_process(path: str) -> None:
    """Put the guard into this process; the file *path* says which database it may reach."""
    facts = json.loads(read_text(path))
    guard = Guard(RefusalLog(facts["refusals"]))
    guard.point(facts["address"], facts["witness"], facts["env"])
    actions: dict[str, Callable[[Any], None]] = {
        name: functools.partial(with_guard, hook, guard) for name, hook in HOOKS.items()
    }
    actions["sqlalchemy"] = functools.partial(with_guard, ignore_module, guard)
    sys.meta_path.insert(0, ImportHook(actions))


def with_guard(hook: Callable[[Any, Guard], None], guard: Guard, module: Any) -> None:
    """Call a hook with its arguments in the order that it takes them."""
    hook(module, guard)


def ignore_module(_: Any, guard: Guard) -> None:
    """Hook into SQLAlchemy, whose module is found by its name."""
    guard_sqlalchemy(guard)


# --- what an exception says ----------------------------------------------------------------------


def describe(error: BaseException, *, revision_path: str | None = None) -> dict[str, Any]:
    """Return what a person needs to know about *error*; never a bound value."""
    chain = list(causes(error))
    server = next((e for e in reversed(chain) if sqlstate_of(e)), None)
    told = server or error
    frames = own_frames(error)
    place = next((f for f in reversed(frames) if f.filename == revision_path), None)
    place = place or (frames[-1] if frames else None)
    file, line = (place.filename, place.lineno) if place else (None, None)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    facts = {
        "type": type_name(told),
        "outer_type": type_name(error),
        "message": first_line(told),
        "sqlstate": sqlstate_of(told) if server else None,
        "statement": next((s for s in map(statement_of, chain) if s), None),
        "file": file,
        "line": line,
        "text": (error.text or "").rstrip("\n") if isinstance(error, SyntaxError) else None,
        "traceback": "".join(traceback.format_list(frames)) + summary(error),
        "missing_module": missing_module(chain),
        "exit_status": error.code if isinstance(error, SystemExit) else None,
    }
    facts.update(server_fields(told) if server else {})
    if isinstance(error, ProjectError):
        facts["kind"] = error.kind
        facts.update(error.facts)
    elif any(isinstance(e, AddressRefused) for e in chain):
        facts["kind"] = "refused"
    return facts


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, what it wraps and what it was raised from."""
    seen: list[int] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.append(id(one))
            yield one
            todo += [getattr(one, "orig", None), one.__cause__]
            todo += list(getattr(one, "exceptions", None) or ())


def sqlstate_of(error: BaseException) -> str | None:
    """Return the SQLSTATE, wherever the driver keeps it."""
    for name in ("pgcode", "sqlstate"):
        value = getattr(error, name, None)
        if isinstance(value, str) and len(value) == 5:
            return value
    fields = error.args[0] if error.args else None
    if isinstance(fields, dict) and isinstance(fields.get("C"), str):
        return str(fields["C"])
    return None


def server_fields(error: BaseException) -> dict[str, Any]:
    """Return the parts of the server's message. Details that quote rows are left out."""
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    diag = getattr(error, "diag", None)
    inner = error.__cause__ if diag is None and error.__cause__ is not None else error
    found: dict[str, Any] = {}
    for name, key in (("primary", "M"), ("detail", "D"), ("hint", "H")):
        value = fields.get(key)
        if value is None and diag is not None:
            value = getattr(diag, "message_" + name, None)
        if value is None and diag is None:
            value = getattr(inner, "message" if name == "primary" else name, None)
        found["server_" + name] = value if isinstance(value, str) else None
    primary = found.get("server_primary")
    if primary:
        found["message"] = primary.splitlines()[0]
    if (sqlstate_of(error) or "")[:2] in ("22", "23"):
        found["server_detail"] = None
    return found


def statement_of(error: BaseException) -> str | None:
    """Return the statement that failed, its values not among it."""
    value = getattr(error, "statement", None)
    return value.strip()[:4000] if isinstance(value, str) else None


def missing_module(chain: Sequence[BaseException]) -> str | None:
    """Return the module that an import did not find."""
    for error in chain:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name
    return None


def type_name(error: BaseException) -> str:
    """Return the name of an exception's class, with its module where that tells something."""
    cls = type(error)
    if cls.__module__ in ("builtins", "__main__"):
        return cls.__name__
    return "%s.%s" % (cls.__module__, cls.__qualname__)


def first_line(error: BaseException) -> str:
    """Return the first line of the message, without SQLAlchemy's mention of the driver's class."""
    if isinstance(error, SystemExit):
        return "the code ended the process with status %r" % (error.code,)
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    if isinstance(error, KeyError):
        text = "KeyError: " + text
    return text[:1000]


def summary(error: BaseException) -> str:
    """Return the last line of a traceback."""
    return "%s: %s\n" % (type_name(error), first_line(error))


def library_folders() -> list[str]:
    """Return the folders whose frames say nothing about the user's code."""
    folders = [os.path.dirname(os.path.abspath(__file__))]
    for name in ("alembic", "sqlalchemy", "greenlet", "anyio", *DRIVERS):
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if file:
            folders.append(os.path.dirname(os.path.abspath(file)))
    return folders


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the frames of the user's code, or all where there is none."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    folders = tuple(folder + os.sep for folder in library_folders())
    standard = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

    def is_own(frame: traceback.FrameSummary) -> bool:
        name = frame.filename
        if name.startswith(("<frozen", "<string>")) or name.startswith(folders):
            return False
        rest = name[len(standard) :] if name.startswith(standard) else "site-packages"
        return "site-packages" in rest or "dist-packages" in rest

    return [f for f in frames if is_own(f)] or [f for f in frames if "<frozen" not in f.filename]


# --- the project ---------------------------------------------------------------------------------


def record_statements() -> list[dict[str, Any]]:
    """Return a list that grows with each statement SQLAlchemy sends from now on.

    Of bound values only their number is kept.
    """
    sent: list[dict[str, Any]] = []

    def keep(_: Any, __: Any, statement: str, parameters: Any, ___: Any, is_many: bool) -> None:
        bound = sum(len(row) for row in parameters) if is_many else len(parameters or ())
        sent.append({"statement": statement, "bound": bound})

    engine_class = importlib.import_module("sqlalchemy.engine").Engine
    importlib.import_module("sqlalchemy.event").listen(engine_class, "before_cursor_execute", keep)
    return sent


class Steps:
    """What Alembic's steps did, learnt by wrapping each step's function."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.current: tuple[str, str, str] | None = None
        self.failure: tuple[tuple[str, str, str], BaseException] | None = None
        self.quiet = True
        self.count = 0

    def install(self) -> None:
        """Wrap ``RevisionStep.__init__``; Alembic 1.8 to 1.20 all take the same arguments."""
        cls = importlib.import_module("alembic.runtime.migration").RevisionStep
        original = cls.__init__
        steps = self

        def watched(step: Any, revision_map: Any, revision: Any, is_upgrade: bool) -> None:
            name = (revision.revision, "up" if is_upgrade else "down", str(revision.path))
            try:
                original(step, revision_map, revision, is_upgrade)
            except AttributeError as error:
                steps.failure = (name, error)
                raise
            step.migration_fn = steps.wrap(step.migration_fn, name)

        cls.__init__ = watched

    def wrap(self, function: Any, name: tuple[str, str, str]) -> Any:
        """Return *function*, a revision's upgrade or downgrade, told of from start to end."""

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.quiet:
                return function(*args, **kwargs)
            self.current = name
            self.count += 1
            self.channel.send("step", revision=name[0], direction=name[1], path=name[2])
            started = _clock()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                self.failure = (name, error)
                raise
            seconds = _clock() - started
            self.channel.send("stepped", revision=name[0], direction=name[1], seconds=seconds)
            return result

        return watched


class Probe:
    """The user's project, loaded once, and what is done with it."""

    def __init__(self, channel: Channel, spec: dict[str, Any]) -> None:
        self.channel = channel
        self.spec = spec
        self.guard = Guard(channel)
        self.steps = Steps(channel)
        self.phase = "start"
        self.script: Any = None
        self.config: Any = None
        self.contexts: list[dict[str, Any]] = []
        self.metadata: list[Any] = []
        self.revision_file: str | None = None
        self.seen_revisions: dict[str, list[str]] = {}
        self.engines: list[Any] = []
        self.notes: list[str] = []
        self.delivery: dict[str, Any] = {}
        self.env_script: str | None = None
        self.is_default_given = False
        self.needs_anyio = False
        self.target = "heads"

    # -- setting up -------------------------------------------------------------------------

    def prepare(self) -> None:
        """Put the hooks in place, before any of the user's code is imported."""
        os.environ.__class__ = RecordedEnvironment
        sys.path.extend(p for p in self.spec.get("extra_path", ()) if p not in sys.path)
        actions: dict[str, Callable[[Any], None]] = {
            name: functools.partial(with_guard, hook, self.guard) for name, hook in HOOKS.items()
        }
        actions["flask_sqlalchemy"] = self._override_flask
        actions["flask_sqlalchemy_lite"] = self._override_flask
        sys.meta_path.insert(0, ImportHook(actions))
        sqlalchemy = self._require("sqlalchemy", OLDEST_SQLALCHEMY)
        guard_sqlalchemy(self.guard)
        facts = {"sqlalchemy": sqlalchemy.__version__}
        if not self.spec.get("models_only"):
            facts["alembic"] = self._require("alembic", OLDEST_ALEMBIC).__version__
            self.steps.install()
            self._watch_revision_files()
        self.channel.send("versions", python=sys.version.split()[0], **facts)

    @staticmethod
    def _require(name: str, oldest: tuple[int, int]) -> Any:
        module = importlib.import_module(name)
        numbers = tuple(int(n) for n in re.findall(r"\d+", module.__version__)[:2])
        if numbers < oldest:
            wanted = "%d.%d" % oldest
            raise ProjectError(
                "too-old",
                "%s %s is older than %s" % (name, module.__version__, wanted),
                package=name,
                version=module.__version__,
                oldest=wanted,
            )
        return module

    def _watch_revision_files(self) -> None:
        """Learn which file a revision that cannot be loaded is in, and find duplicates."""
        cls = importlib.import_module("alembic.script.base").Script
        original = cls._from_path.__func__ if hasattr(cls, "_from_path") else None
        older = cls._from_filename.__func__ if hasattr(cls, "_from_filename") else None

        def watch(load: Any) -> Any:
            def watched(klass: Any, scriptdir: Any, *where: Any) -> Any:
                path = os.path.join(*(str(part) for part in where))
                self.revision_file = path
                script = load(klass, scriptdir, *where)
                self.revision_file = None
                if script is not None:
                    self.seen_revisions.setdefault(str(script.revision), []).append(path)
                return script

            return classmethod(watched)

        if original is not None:
            cls._from_path = watch(original)
        elif older is not None:
            cls._from_filename = watch(older)

    def deliver(self, delivery: dict[str, Any]) -> None:
        """Point everything at the database that *delivery* names."""
        self.delivery = delivery
        self.guard.point(delivery["address"], delivery["witness"], delivery["env"])
        os.environ.update(delivery["env"])
        os.environ["BEDSTONE_GUARD"] = delivery["guard_file"]
        paths = [delivery["guard_folder"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(p for p in paths if p))
        if delivery.get("database_url"):
            form = delivery["database_url"]
            driver = self._driver(None) if form == "any" else form
            os.environ["DATABASE_URL"] = self._url("" if driver == "bare" else driver)
            self.guard.given_names.append("DATABASE_URL")
            self.is_default_given = True
        RecordedEnvironment.names.clear()

    def _url(self, driver: str) -> str:
        url = str(self.delivery["url"])
        return url.replace("postgresql://", "postgresql+%s://" % driver, 1) if driver else url

    def _driver(self, existing: str | None) -> str:
        """Return the driver for an address: the project's own, else one that can be imported."""
        wanted = self.spec.get("driver") or existing
        if wanted and wanted in self._importable(wanted):
            return str(wanted)
        if wanted:
            raise ProjectError("driver", "the driver %s is not installed" % wanted, driver=wanted)
        version = importlib.import_module("sqlalchemy").__version__
        is_new = tuple(int(n) for n in re.findall(r"\d+", version)[:2]) >= (2, 1)
        order = ["psycopg", "psycopg2"] if is_new else ["psycopg2", "psycopg"]
        order = ["asyncpg", *order] if self._is_async() else [*order, "asyncpg"]
        found = self._importable(*order, "pg8000")
        if not found:
            raise ProjectError("driver", "no driver for PostgreSQL is installed", driver=None)
        if found[0] == order[0] and not self._is_async():
            return ""  # SQLAlchemy's own default: the address stays as everyone writes it
        return found[0]

    @staticmethod
    def _importable(*names: str) -> list[str]:
        found = []
        for name in names:
            package = {"psycopg_async": "psycopg"}.get(name, name)
            with contextlib.suppress(Exception):
                if importlib.util.find_spec(package) is not None:
                    found.append(name)
        return found

    def _is_async(self) -> bool:
        """Whether env.py makes its engine the asynchronous way."""
        text = read_text(self.env_script) if self.env_script else ""
        return (
            re.search(r"async_engine_from_config|create_async_engine|\bAsyncEngine\b", text)
            is not None
        )

    def find_env_script(self) -> None:
        """Find env.py without loading it, as Alembic will."""
        config = self._read_config(None)
        with contextlib.suppress(Exception):
            getter = getattr(config, "get_alembic_option", None) or config.get_main_option
            location = str(getter("script_location"))
            package, colon, path = location.partition(":")
            if colon and not os.path.isabs(location):
                spec = importlib.util.find_spec(package)
                folders = (spec.submodule_search_locations or []) if spec else []
                location = os.path.join(next(iter(folders), ""), *path.split(":"))
            self.env_script = os.path.join(location, "env.py")

    def _override_flask(self, module: Any) -> None:
        """Give a Flask extension our address before it makes its engines."""
        cls = module.SQLAlchemy
        original = cls.init_app
        probe = self

        @functools.wraps(original)
        def init_app(extension: Any, app: Any, *args: Any, **kwargs: Any) -> Any:
            url = probe._url(probe._driver(probe.spec.get("driver")))
            if "lite" in module.__name__:
                engines = dict(app.config.get("SQLALCHEMY_ENGINES") or {})
                first = next(iter(engines), "default")
                app.config["SQLALCHEMY_ENGINES"] = dict(engines, **{first: url})
            else:
                app.config["SQLALCHEMY_DATABASE_URI"] = url
            return original(extension, app, *args, **kwargs)

        cls.init_app = init_app

    def push_app(self) -> None:
        """Push the context of the Flask application that the settings name."""
        name = self.spec.get("app")
        if not name:
            self._push_found_app()
            return
        self.phase = "app"
        with without_commands():
            app = load_object(name)
            if not hasattr(app, "app_context") and callable(app):
                app = app()
        app.app_context().push()

    def _push_found_app(self) -> None:
        """Push the application that ``flask`` itself would find, where env.py looks for one."""
        if "current_app" not in read_text(self.env_script or ""):
            return
        with contextlib.suppress(Exception, SystemExit), without_commands():
            app = importlib.import_module("flask.cli").ScriptInfo().load_app()
            app.app_context().push()

    # -- Alembic ------------------------------------------------------------------------------

    def make_config(self, command: Sequence[str]) -> Any:
        """Return Alembic's Config as its own command line would have made it."""
        module = importlib.import_module("alembic.config")
        arguments = []
        if self.spec.get("config_argument"):
            arguments += ["-c", self.spec["config_argument"]]
        section = self.spec.get("section") or "alembic"
        if section != "alembic":
            arguments += ["-n", section]
        for text in self.delivery.get("x", ()):
            arguments += ["-x", text]
        arguments += list(command)
        options = module.CommandLine(prog="alembic").parser.parse_args(arguments)
        sys.argv[:] = [os.path.join(os.path.dirname(sys.executable), "alembic"), *arguments]
        config = self._read_config(options)
        self._set_address(config, section)
        return config

    def _read_config(self, options: Any) -> Any:
        cls = importlib.import_module("alembic.config").Config
        section = self.spec.get("section") or "alembic"
        keywords: dict[str, Any] = {}
        if "toml_file" in inspect.signature(cls.__init__).parameters:
            keywords["toml_file"] = self.spec.get("toml")
        config = cls(file_=self.spec.get("ini"), ini_section=section, cmd_opts=options, **keywords)
        for key, value in (self.spec.get("options") or {}).items():
            config.set_main_option(key, value.replace("%", "%%"))
        return config

    def _set_address(self, config: Any, section: str) -> None:
        """Put the address where the ini file has it, with the driver it had."""
        parser = config.file_config
        sections = [s for s in parser.sections() if parser.has_option(s, "sqlalchemy.url")]
        for name in sections or [section]:
            old = ""
            if parser.has_section(name) and parser.has_option(name, "sqlalchemy.url"):
                old = parser.get(name, "sqlalchemy.url", raw=True)
            match = re.match(r"postgres(?:ql)?\+(\w+)://", old)
            existing = match.group(1) if match else None
            if existing is not None and existing not in self._importable(existing):
                existing = None
            url = self._url(self._driver(existing))
            config.set_section_option(name, "sqlalchemy.url", url.replace("%", "%%"))

    def make_script(self, config: Any) -> Any:
        """Return the script directory that *config* leads to."""
        return importlib.import_module("alembic.script").ScriptDirectory.from_config(config)

    def run_env(
        self,
        command: Sequence[str],
        function: Callable[[Any, Any], Any],
        *,
        destination: Any = None,
        **options: Any,
    ) -> None:
        """Run env.py once, with *function* in the place of what an Alembic command does."""
        cls = importlib.import_module("alembic.runtime.environment").EnvironmentContext
        config = self.make_config(command)
        script = self.script or self.make_script(config)
        self.config = config
        self.calls = 0

        def called(revision: Any, context: Any) -> Any:
            self.calls += 1
            if context.dialect.name != "postgresql":
                raise ProjectError(
                    "dialect",
                    "env.py migrates a %s database" % context.dialect.name,
                    dialect=context.dialect.name,
                )
            if not self.guard.confirmed:
                raise ProjectError(
                    "unguarded",
                    "no session was seen to be on bedstone's database",
                    driver=context.dialect.driver,
                )
            return function(revision, context)

        environment = cls(
            config,
            script,
            fn=called,
            as_sql=False,
            starting_rev=None,
            destination_rev=destination,
            tag=None,
            **options,
        )
        with environment, self._connection(config):
            self.phase = "env"
            self._run_script(script)
        self.script = environment.script

    def _run_script(self, script: Any) -> None:
        """Run env.py; in a worker thread of AnyIO where it turns out to expect that."""
        if not self.needs_anyio:
            try:
                script.run_env()
            except RuntimeError as error:
                if "AnyIO worker thread" not in str(error) or self.calls:
                    raise
                self.needs_anyio = True
                self.notes.append("env.py expects a worker thread of AnyIO, and was run in one")
            else:
                return
        anyio = importlib.import_module("anyio")
        to_thread = importlib.import_module("anyio.to_thread")

        async def main() -> None:
            await to_thread.run_sync(script.run_env)

        anyio.run(main)

    @contextlib.contextmanager
    def _connection(self, config: Any) -> Iterator[None]:
        """Hand over a live connection where the settings ask for one."""
        if not self.spec.get("connection"):
            yield
            return
        sqlalchemy = importlib.import_module("sqlalchemy")
        pool = importlib.import_module("sqlalchemy.pool").NullPool
        engine = sqlalchemy.create_engine(self._url(self._sync_driver()), poolclass=pool)
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            yield
            if connection.in_transaction():
                commit = getattr(connection, "commit", None)
                (commit or connection.connection.commit)()

    def _sync_driver(self) -> str:
        driver = self.spec.get("driver")
        found = self._importable(*([driver] if driver else []), "psycopg2", "psycopg", "pg8000")
        if not found:
            raise ProjectError("driver", "no synchronous driver is installed", driver=None)
        return found[0]

    # -- warm-up ------------------------------------------------------------------------------

    def warm(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load the project: run env.py once without a step, and read the graph."""
        started = _clock()
        if not self.spec.get("models_only"):
            self.phase = "config"
            self.find_env_script()
        self.deliver(request["delivery"])
        self.push_app()
        if self.spec.get("models_only"):
            self.phase = "models"
            self.metadata = load_metadata(self.spec["models"])
            facts: dict[str, Any] = {"revisions": [], "contexts": []}
        else:
            facts = self._warm_alembic(request)
        facts["has_models"] = any(getattr(m, "tables", None) for m in self.metadata)
        facts["files"] = loaded_files(str(self.spec.get("root") or ""), self.script)
        facts["left_open"] = 0 if request.get("keep") else self.release()
        facts["seconds"] = _clock() - started
        facts["threads"] = threading.active_count() - 1
        facts["notes"] = self.notes
        facts["refusals"] = self.guard.refusals
        return facts

    def _warm_alembic(self, request: dict[str, Any]) -> dict[str, Any]:
        self.phase = "config"
        target = (request.get("targets") or ["heads"])[0]
        config = self.make_config(["upgrade", target])
        self.phase = "script"
        self.script = self.make_script(config)
        self.target = target
        self.run_env(["upgrade", target], self._capture, destination=target, dont_mutate=True)
        if not self.calls:
            raise ProjectError("no-run", "env.py ended without calling context.run_migrations()")
        if self.spec.get("models"):
            self.phase = "models"
            self.metadata = load_metadata(self.spec["models"])
        self.phase = "graph"
        return {
            "contexts": self.contexts,
            "revisions": self.read_graph(request.get("targets") or ["heads"]),
            "env_py": self.script.env_py_location,
            "script_location": str(self.script.dir),
        }

    def _capture(self, revision: Any, context: Any) -> Any:
        options = context.opts
        found = self.metadata_of(context)
        self.metadata += [m for m in found if all(m is not known for known in self.metadata)]
        self.contexts.append(
            {
                "version_table": context.version_table,
                "version_table_schema": context.version_table_schema,
                "driver": context.dialect.driver,
                "transaction_per_migration": bool(options.get("transaction_per_migration")),
                "transactional_ddl": bool(context.impl.transactional_ddl),
                "include_schemas": bool(options.get("include_schemas")),
                "filters": [
                    n
                    for n in ("include_name", "include_object", "process_revision_directives")
                    if options.get(n)
                ],
                "tables": sum(len(m.tables) for m in found),
                "heads": list(revision) if isinstance(revision, tuple) else [revision],
            }
        )
        return []

    def metadata_of(self, context: Any) -> list[Any]:
        """Return what env.py gave as target_metadata, as far as it is metadata."""
        cls = importlib.import_module("sqlalchemy").MetaData
        given = context.opts.get("target_metadata")
        found = []
        for item in given if isinstance(given, (list, tuple)) else [given]:
            metadata = item if isinstance(item, cls) else getattr(item, "metadata", None)
            if isinstance(metadata, cls):
                found.append(metadata)
            elif item is not None:
                note = "target_metadata of env.py has %r in it, which is no MetaData" % (item,)
                self.notes += [note] if note not in self.notes else []
        return found

    def read_graph(self, targets: Sequence[str]) -> list[dict[str, Any]]:
        """Return every revision; those that *targets* lead to first, in the order they run."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                revision_map = self.script.revision_map
                everything = revision_map._revision_map
            except KeyError as error:
                raise ProjectError(
                    "missing-revision",
                    "revision %s is named by another but is not there" % error,
                    revision=str(error).strip("'\""),
                    referrers=self._referrers(str(error).strip("'\"")),
                ) from error
        for revision, paths in sorted(self.seen_revisions.items()):
            different = sorted(set(map(os.path.realpath, paths)))
            if len(different) > 1:
                raise ProjectError(
                    "duplicate-revision",
                    "revision %s is there more than once" % revision,
                    revision=revision,
                    paths=different,
                )
        chosen: list[Any] = []
        for target in targets:
            applied = tuple(script.revision for script in self._tops(chosen))
            with self.script._catch_revision_errors():
                found = list(self.script.iterate_revisions(target, applied, implicit_base=True))
            chosen += [script for script in reversed(found) if script not in chosen]
        rest = [
            s
            for key, s in everything.items()
            if s is not None and key == s.revision and s not in chosen
        ]
        graph = [self._row(s, is_reached=True) for s in chosen]
        return graph + [self._row(s, is_reached=False) for s in rest]

    @staticmethod
    def _tops(chosen: Sequence[Any]) -> list[Any]:
        below = {down for script in chosen for down in script._all_down_revisions}
        return [script for script in chosen if script.revision not in below]

    def _referrers(self, missing: str) -> list[str]:
        """Return the files that name the revision *missing*."""
        found = []
        for paths in self.seen_revisions.values():
            found += [path for path in paths if missing in read_text(path)]
        return sorted(found)

    @staticmethod
    def _row(script: Any, *, is_reached: bool) -> dict[str, Any]:
        own_labels = getattr(script.module, "branch_labels", None) or ()
        return {
            "id": script.revision,
            "down": list(script._versioned_down_revisions),
            "depends_on": list(script._resolved_dependencies),
            "labels": [own_labels] if isinstance(own_labels, str) else sorted(own_labels),
            "message": script.doc,
            "path": str(script.path),
            "is_head": bool(script.is_head),
            "is_reached": is_reached,
        }

    def release(self) -> int:
        """Let go of every connection, so that no fork shares one; return how many were left."""
        gc.collect()
        engine_class = importlib.import_module("sqlalchemy.engine").Engine
        self.engines = [o for o in gc.get_objects() if issubclass(type(o), engine_class)]
        renew_pools(self.engines, close=True)
        left = self.guard.close_all()
        if left:
            self.notes.append(
                "env.py left %d connection%s open; closed" % (left, "" if left == 1 else "s")
            )
        return left

    # -- runs ---------------------------------------------------------------------------------

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one request; called in a fork of the warm process."""
        self.deliver(request["delivery"])
        renew_pools(self.engines, close=False)
        self.guard.refusals = []
        self.steps.quiet = False
        action = {
            "upgrade": self._upgrade,
            "downgrade": self._downgrade,
            "steps": self._steps,
            "stamp": self._stamp,
            "current": self._current,
            "create_models": self._create_models,
            "filtered": self._filtered,
            "models": self._describe_models,
        }[request["op"]]
        error: BaseException | None = None
        result: Any = None
        try:
            result = action(request)
        except BaseException as caught:
            error = caught
        join_threads()
        return self._outcome(error, result)

    def _outcome(self, error: BaseException | None, result: Any) -> dict[str, Any]:
        failure = self.steps.failure
        if isinstance(error, SystemExit) and error.code in (None, 0) and failure is None:
            error = None  # Alembic's command would have succeeded as well
        facts: dict[str, Any] = {"result": result, "error": None, "steps": self.steps.count}
        told = error or (failure[1] if failure else None)
        if told is not None:
            name = failure[0] if failure else self.steps.current
            facts["error"] = describe(told, revision_path=name[2] if name else None)
            facts["error"].update(
                revision=name[0] if name else None,
                direction=name[1] if name else None,
                is_swallowed=error is None,
                is_after_step=failure is None and name is not None,
                phase=self.phase,
            )
        facts["refusals"] = self.guard.refusals
        return facts

    def _upgrade(self, request: dict[str, Any]) -> None:
        for target in request["revisions"]:
            self.run_env(
                ["upgrade", target],
                functools.partial(self._way, "_upgrade_revs", target),
                destination=target,
            )
            self._must_have_run()

    def _downgrade(self, request: dict[str, Any]) -> None:
        for target in request["revisions"]:
            self.run_env(
                ["downgrade", target],
                functools.partial(self._way, "_downgrade_revs", target),
                destination=target,
            )
            self._must_have_run()

    def _way(self, method: str, target: Any, revision: Any, context: Any) -> Any:
        """Return the steps from *revision* to *target*, as Alembic itself finds them."""
        return getattr(self._script(context), method)(target, revision)

    def _steps(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Run exactly the revisions asked for, in that order, in one run.

        Returns the statements that were sent, where the request wants them recorded.
        """
        sent = record_statements() if request.get("record") else []
        is_up = request["direction"] == "up"
        step_class = importlib.import_module("alembic.runtime.migration").MigrationStep
        make = step_class.upgrade_from_script if is_up else step_class.downgrade_from_script

        def chosen(_: Any, context: Any) -> Any:
            script = self._script(context)
            for revision in request["revisions"]:
                yield make(script.revision_map, script.get_revision(revision))

        destination = request["destination"]
        command = "upgrade" if is_up else "downgrade"
        self.run_env([command, destination], chosen, destination=destination)
        self._must_have_run()
        return sent

    def _stamp(self, request: dict[str, Any]) -> None:
        self.run_env(
            ["stamp", *request["revisions"]],
            lambda revision, context: self._script(context)._stamp_revs(
                tuple(request["revisions"]), revision
            ),
            destination=request["revisions"][0],
        )
        self._must_have_run()

    def _current(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def read(revision: Any, context: Any) -> Any:
            found.append(
                {
                    "table": context.version_table,
                    "schema": context.version_table_schema,
                    "heads": list(revision) if isinstance(revision, tuple) else [revision],
                }
            )
            return []

        self.run_env(["current"], read, dont_mutate=True)
        self._must_have_run()
        return found

    def _script(self, context: Any) -> Any:
        return getattr(context, "script", None) or self.script

    def _must_have_run(self) -> None:
        if not self.calls:
            raise ProjectError("no-run", "env.py ended without calling context.run_migrations()")

    # -- models -------------------------------------------------------------------------------

    def _create_models(self, _: dict[str, Any]) -> dict[str, Any]:
        self.phase = "models"
        if self.spec.get("models_only"):
            sqlalchemy = importlib.import_module("sqlalchemy")
            pool = importlib.import_module("sqlalchemy.pool").NullPool
            engine = sqlalchemy.create_engine(self._url(self._sync_driver()), poolclass=pool)
            with engine.connect() as connection:
                create_all(self.metadata, connection)
            return {"metadata": [describe_metadata(m) for m in self.metadata]}
        made: list[Any] = []

        def create(_: Any, context: Any) -> Any:
            self.phase = "models"
            found = self.metadata if self.spec.get("models") else self.metadata_of(context)
            todo = [m for m in found if all(m is not done for done in made)]
            create_all(todo, context.connection)
            made.extend(todo)
            return []

        target = self.target
        self.run_env(["upgrade", target], create, destination=target, dont_mutate=True)
        self._must_have_run()
        return {"metadata": [describe_metadata(m) for m in made]}

    def _describe_models(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"metadata": [describe_metadata(m) for m in self.metadata]}

    def _filtered(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask the project's filters about names; a name is left out if every context does so."""
        votes: list[list[str | None]] = []

        def ask(_: Any, context: Any) -> Any:
            votes.append(ask_filters(context, request["names"], self.metadata))
            return []

        self.run_env(["current"], ask, dont_mutate=True)
        self._must_have_run()
        left_out = []
        for number, name in enumerate(request["names"]):
            reasons = [vote[number] for vote in votes]
            if all(reasons):
                left_out.append(dict(name, by=reasons[0]))
        return left_out


def read_text(path: str) -> str:
    """Return what the file holds, nothing where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def loaded_files(root: str, script: Any) -> list[str]:
    """Return the files of the project's own code that are loaded, its ``env.py`` among them."""
    folders = [os.path.realpath(root)] if root else []
    files = []
    if script is not None:
        files.append(os.path.realpath(script.env_py_location))
    for module in list(sys.modules.values()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str) and file.endswith(".py"):
            path = os.path.realpath(file)
            inside = any(path.startswith(folder + os.sep) for folder in folders)
            if inside and "site-packages" not in path and "dist-packages" not in path:
                files.append(path)
    return sorted(set(files))


@contextlib.contextmanager
def without_commands() -> Iterator[None]:
    """Let no Alembic command run meanwhile: some applications upgrade their database at start."""
    command = importlib.import_module("alembic.command")
    names = ("upgrade", "downgrade", "stamp")
    kept = {name: getattr(command, name) for name in names}
    for name in names:
        setattr(command, name, functools.wraps(kept[name])(lambda *_, **__: None))
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(command, name, function)


def renew_pools(engines: Sequence[Any], *, close: bool) -> None:
    """Give every engine an empty pool; with *close*, end what the old one held."""
    for engine in engines:
        with contextlib.suppress(Exception):
            if close and not getattr(engine.dialect, "is_async", False):
                engine.dispose()
            else:
                engine.pool = engine.pool.recreate()


def join_threads() -> None:
    """Wait for the threads that Python itself would wait for at the end of a program."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            if getattr(thread, "_bedstone_old", False):
                continue
            thread.join()


def load_object(name: str) -> Any:
    """Return the object that ``package.module:attribute.path`` names."""
    module_name, _, path = name.partition(":")
    module = importlib.import_module(module_name)
    found: Any = module
    for part in path.split(".") if path else ():
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ProjectError(
                "no-object",
                "module %s has no %s" % (module_name, path),
                module=module_name,
                attribute=path,
                names=sorted(n for n in vars(module) if not n.startswith("_"))[:200],
            ) from None
    return found


def load_metadata(name: str) -> list[Any]:
    """Return the MetaData objects that ``package.module:name`` means."""
    metadata_class = importlib.import_module("sqlalchemy").MetaData
    found = load_object(name)
    for attribute in ("metadata", "metadatas"):
        inner = getattr(found, attribute, None)
        if isinstance(inner, (metadata_class, dict)):
            found = inner
            break
    if callable(found) and not isinstance(found, metadata_class):
        found = found()
    values = list(found.values()) if isinstance(found, dict) else found
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    if not values or not all(isinstance(v, metadata_class) for v in values):
        raise ProjectError(
            "no-metadata",
            "%s is a %s, neither a MetaData nor a declarative base" % (name, type(found).__name__),
            object=name,
        )
    return values


def create_all(metadata: Sequence[Any], connection: Any) -> None:
    """Create everything in *metadata* and commit, whatever the transaction mode is."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    names = sorted({name for m in metadata for name in schemas_of(m)})
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name in names:
        connection.execute(sqlalchemy.text("CREATE SCHEMA IF NOT EXISTS " + quote(name)))
    for one in metadata:
        one.create_all(bind=connection)
    connection.connection.commit()


def schemas_of(metadata: Any) -> Iterator[str]:
    """Yield the schemas that tables, enums and sequences of *metadata* are in."""
    if metadata.schema:
        yield metadata.schema
    for table in metadata.tables.values():
        if table.schema:
            yield table.schema
        for column in table.columns:
            kind = getattr(column.type, "item_type", column.type)
            schema = getattr(kind, "schema", None)
            if isinstance(schema, str) and schema:
                yield schema
    for sequence in getattr(metadata, "_sequences", {}).values():
        if sequence.schema:
            yield sequence.schema


def describe_metadata(metadata: Any) -> dict[str, Any]:
    """Return the names that *metadata* knows, so that drift can tell what the models mean."""
    tables, enums = [], {}
    for table in metadata.tables.values():
        for column in table.columns:
            kind = getattr(column.type, "item_type", column.type)
            values = getattr(kind, "enums", None)
            if values is not None and getattr(kind, "native_enum", True) and kind.name:
                schema = getattr(kind, "schema", None) or None
                enums[(schema, kind.name)] = [str(v) for v in values]
        tables.append(
            {
                "schema": table.schema,
                "name": table.name,
                "columns": [c.name for c in table.columns],
                "indexes": sorted(str(i.name) for i in table.indexes if i.name),
                "constraints": sorted(
                    str(c.name) for c in table.constraints if isinstance(c.name, str)
                ),
                "foreign_tables": sorted(
                    {key.target_fullname.rpartition(".")[0] for key in table.foreign_keys}
                ),
                "comment": table.comment,
                "info": sorted(str(k) for k in table.info),
            }
        )
    return {
        "schema": metadata.schema,
        "tables": tables,
        "enums": [
            {"schema": s, "name": n, "values": v} for (s, n), v in sorted(enums.items(), key=str)
        ],
        "sequences": sorted(str(name) for name in getattr(metadata, "_sequences", {})),
        "naming_convention": sorted(str(k) for k in metadata.naming_convention or {}),
    }


def ask_filters(
    context: Any, names: Sequence[dict[str, Any]], metadata: Sequence[Any]
) -> list[str | None]:
    """Return for each name which of the project's filters leaves it out, or ``None``."""
    cls = importlib.import_module("alembic.autogenerate.api").AutogenContext
    filters = cls(context, autogenerate=False)
    default = context.dialect.default_schema_name
    answers = []
    for name in names:
        schema = None if name.get("schema") in (None, default) else name["schema"]
        if name.get("is_model"):
            answers.append(ask_about_model(filters, metadata, schema, name["name"]))
        else:
            answers.append(ask_about_table(context, filters, schema, name["name"]))
    return answers


def ask_about_model(
    filters: Any, metadata: Sequence[Any], schema: str | None, name: str
) -> str | None:
    """Return which filter leaves out a table of the models."""
    key = "%s.%s" % (schema, name) if schema else name
    for one in metadata:
        table = one.tables.get(key)
        if table is not None:
            kept = filters.run_object_filters(table, name, "table", False, None)
            return None if kept else "include_object"
    return None


def ask_about_table(context: Any, filters: Any, schema: str | None, name: str) -> str | None:
    """Return which filter leaves out a table of the database."""
    has_schemas = bool(context.opts.get("include_schemas"))
    if schema is not None and not has_schemas:
        return "include_schemas"
    named = filters.run_name_filters(name, "table", {"schema_name": schema})
    if not named or (has_schemas and not filters.run_name_filters(schema, "schema", {})):
        return "include_name"
    if not context.opts.get("include_object"):
        return None
    table = reflect(context.connection, schema, name)
    kept = filters.run_object_filters(table, name, "table", True, None)
    return None if kept else "include_object"


def reflect(connection: Any, schema: str | None, name: str) -> Any:
    """Return the table as SQLAlchemy reflects it; bare where it cannot."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return sqlalchemy.Table(
                name, sqlalchemy.MetaData(), schema=schema, autoload_with=connection
            )
        except Exception:
            return sqlalchemy.Table(name, sqlalchemy.MetaData(), schema=schema)


# --- the warm process ----------------------------------------------------------------------------


def main() -> None:
    """Serve the client until it goes away."""
    descriptor, lifeline = int(sys.argv[1]), int(sys.argv[2])
    supervise(lifeline)
    channel = Channel(descriptor)
    spec = channel.receive()
    if spec is None:
        return
    faulthandler.enable()
    probe = Probe(channel, spec)
    try:
        probe.prepare()
    except BaseException as error:
        channel.send("failed", error=dict(describe(error), phase="prepare"))
        return
    while True:
        request = channel.receive() or {"op": "end"}
        if request["op"] == "end":
            leave()
        if request["op"] == "warm":
            warm(probe, channel, request)
        elif request.get("fork", True):
            run_in_fork(probe, channel, request)
        else:
            channel.send("done", **probe.run(request))
            return


def leave() -> None:
    """End the warm process as Python would, but without waiting for the user's threads."""
    flush()
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    flush()
    os._exit(0)


def warm(probe: Probe, channel: Channel, request: dict[str, Any]) -> None:
    """Load the project and report; the client decides what an error means."""
    try:
        facts = probe.warm(request)
    except BaseException as error:
        facts = dict(describe(error), phase=probe.phase, revision_file=probe.revision_file)
        names = address_names(probe.guard.given_names)
        facts["address_names"] = [n for n in names if is_about(error, n["name"])]
        read = "DATABASE_URL" in RecordedEnvironment.names
        facts["is_default_read"] = probe.is_default_given and read
        channel.send("failed", error=facts, refusals=probe.guard.refusals)
        return
    for thread in threading.enumerate():
        thread._bedstone_old = True  # type: ignore[attr-defined]
    channel.send("done", **facts)


def run_in_fork(probe: Probe, channel: Channel, request: dict[str, Any]) -> None:
    """Run *request* in a fork, and report how that process ended."""
    flush()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    alive_read, alive_write = os.pipe()
    go_read, go_write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = _fork()
    if pid == 0:
        os.close(alive_read)
        os.close(go_write)
        os.setsid()
        os.read(go_read, 1)
        os.close(go_read)
        child(probe, channel, request)
    os.close(alive_write)
    os.close(go_read)
    channel.send("forked", pid=pid)
    os.close(go_write)
    status = wait_for(pid, alive_read, channel)
    os.close(alive_read)
    channel.send("exit", status=status)
    channel.receive()  # until the client has dealt with the group, the pid stays ours
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def wait_for(pid: int, alive: int, channel: Channel) -> int | None:
    """Wait for the fork to end without collecting it; end it when the client goes away."""
    watched = [channel.descriptor, alive]
    while True:
        ready = select(watched, [], [], 0.05)[0]
        if alive in ready:
            watched = [channel.descriptor]  # its end is closed: the process is ending
        if channel.descriptor in ready and channel.is_closed(0):
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            os._exit(1)
        try:
            options = os.WEXITED | os.WNOWAIT
            if alive in watched:
                options |= os.WNOHANG
            ended = os.waitid(os.P_PID, pid, options)
        except ChildProcessError:
            return None
        if ended is not None and ended.si_pid == pid:
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def child(probe: Probe, channel: Channel, request: dict[str, Any]) -> None:
    """Run the request and end the process without the warm process's farewells."""
    channel.lock = _Lock()
    with contextlib.suppress(Exception):
        faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)
    renew_event_loop()
    try:
        facts = probe.run(request)
    except BaseException as error:
        facts = {"error": dict(describe(error), phase=probe.phase), "result": None}
    flush()
    with contextlib.suppress(OSError):
        channel.send("done", **facts)
    os._exit(0)


def renew_event_loop() -> None:
    """Replace what a fork must not share with the warm process: gevent's hub, a set loop."""
    if "gevent" in sys.modules:
        with contextlib.suppress(Exception):
            importlib.import_module("gevent").reinit()
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            local = getattr(asyncio.get_event_loop_policy(), "_local", None)
            if getattr(local, "_loop", None) is not None:
                asyncio.set_event_loop(asyncio.new_event_loop())


def flush() -> None:
    """Write out what the user's code has printed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


if __name__ == "__main__":
    main()
