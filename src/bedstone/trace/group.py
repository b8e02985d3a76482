# SPDX-License-Identifier: Apache-2.0
"""What a client sends as one: a Query, or extended messages up to a Sync."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from bedstone.trace.messages import text_at
from bedstone.trace.statements import Handling, Statement, read_statements
from bedstone.trace.versions import bound_values

if TYPE_CHECKING:
    from bedstone.trace.ledger import Record
    from bedstone.trace.messages import Message
    from bedstone.trace.watch import Watch

_NEVER_SEEN = Statement("…", "unknown", Handling.WATCH)


class Form(Enum):
    """How the group began."""

    STARTUP = "startup"
    QUERY = "query"
    EXTENDED = "extended"
    FUNCTION = "function"


@dataclass(slots=True)
class Group:
    """One group, from its first message to its ReadyForQuery.

    *failed* says that an error came, *unanswered* counts the extended messages that have no
    answer yet. *wrapped* says that it runs in a transaction of ours, *decided* that this is
    settled; until then *pending* holds what is kept back. *asked* says that our question went to
    the server right behind it. *tail* is the CommandComplete that the client gets when our
    question is answered or our COMMIT is done, with what followed it.
    """

    form: Form
    record: Record
    decided: bool = True
    failed: bool = False
    unanswered: int = 0
    synced: bool = False
    copying: bool = False
    wrapped: bool = False
    asked: bool = False
    pending: list[bytes] = field(default_factory=list)
    tail: list[bytes] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    watch: Watch | None = None
    #: What was parsed last; it is told where that fails and nothing is executed.
    parsed: Statement | None = None

    @property
    def is_open(self) -> bool:
        """Whether more messages of the client belong to it."""
        if self.form is Form.STARTUP or self.copying:
            return True
        return self.form is Form.EXTENDED and not self.synced

    @property
    def leaves_a_transaction(self) -> bool:
        """Whether it ends in the transaction it ran in, unless it fails, and takes no data."""
        return self.handles(Handling.WRAP, Handling.ASK) and all(
            (s.may_be_wrapped or s.handling is Handling.ASK) and s.kind != "copy"
            for s in self.record.statements
        )

    def handles(self, *handlings: Handling) -> bool:
        """Whether one of its statements is of such a kind."""
        return any(s.handling in handlings for s in self.record.statements)

    def complete(self, tag: str) -> None:
        """Note that a statement was done. A BEGIN makes the client's what was ours."""
        self.tags.append(tag)
        if tag in {"BEGIN", "START TRANSACTION"}:
            self.wrapped = False

    @property
    def outcome(self) -> str | None:
        """How the last COMMIT or ROLLBACK of the group ended a transaction, if there is one."""
        outcome = None
        for statement, tag in zip(self.record.statements, self.tags, strict=False):
            if statement.kind == "transaction" and statement.handling is Handling.PASS:
                outcome = _OUTCOMES.get(tag, outcome)
        return outcome


_OUTCOMES = {
    "COMMIT": "committed",
    "ROLLBACK": "rolled back",
    "PREPARE TRANSACTION": "prepared",
}


class Names:
    """The client's prepared statements and portals: what each stands for."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, Statement | None] = {}
        self._portals: dict[bytes, Statement | None] = {}

    def note(self, message: Message) -> Statement | None:
        """Note what a Parse or a Bind names; return the statement that an Execute runs."""
        if message.kind == b"P":
            name, position = text_at(message.data, 5)
            statements = read_statements(text_at(message.data, position)[0])
            self._prepared[name] = statements[0] if statements else None
        elif message.kind == b"B":
            portal, position = text_at(message.data, 5)
            name, position = text_at(message.data, position)
            statement = self._prepared.get(name, _NEVER_SEEN)
            if statement is not None and statement.version is not None:
                version = statement.version.bind(bound_values(message.data, position))
                statement = replace(statement, version=version)
            self._portals[portal] = statement
        elif message.kind == b"E":
            return self._portals.get(text_at(message.data, 5)[0])
        return None

    def first(self, message: Message) -> Statement | None:
        """Return what a Parse or a Bind that was noted is about."""
        if message.kind == b"P":
            return self._prepared[text_at(message.data, 5)[0]]
        return self._portals[text_at(message.data, 5)[0]]

    def forget_portals(self) -> None:
        """Portals end with their transaction."""
        self._portals.clear()
