# SPDX-License-Identifier: Apache-2.0
"""What keeps the user's code away from every database but one."""

from __future__ import annotations

import contextlib
import functools
import os
import weakref

from .trouble import AddressRefused
from .variables import address_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .channel import Channel
    from .subprocess_guard import RefusalLog


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
