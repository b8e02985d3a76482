# SPDX-License-Identifier: Apache-2.0
"""What kind of statement is sent, as PostgreSQL's own grammar reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import postgast

from bedstone.trace.masking import leading_words, mask_values
from bedstone.trace.notes import digest_of
from bedstone.trace.objects import NO_OBJECTS, Asked, read_asked
from bedstone.trace.reasons import read_reason
from bedstone.trace.versions import read_version_write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedstone.trace.versions import VersionWrite


class Handling(Enum):
    """How the observer deals with a statement."""

    #: It may run in a transaction, so it is given one in autocommit, and asked about.
    WRAP = "wrap"
    #: It may not, or nobody knows whether it may: it is watched from outside.
    WATCH = "watch"
    #: It takes no snapshot, and neither may we: its locks are read from outside.
    LOCK = "lock"
    #: It may need the client's own transaction, so it is given none, and asked about in that one.
    ASK = "ask"
    #: It controls the transaction or the session, or has its effect in other statements.
    PASS = "pass"  # noqa: S105  no password
    #: It goes back to a savepoint.
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. *text* has no values and no comments.

    *partitioned* is the name of a relation because of which it may not run in a transaction if
    that is partitioned. *derived* are the relations that its documented lock is on, by the name
    in the text. *reason* is why it writes a new file, if it does, *asked* which
    objects it may make, change or drop. *digest* is that of the message
    it came in. *version* is what it writes to another tool's table of revisions.
    """

    text: str
    kind: str
    handling: Handling
    partitioned: str | None = None
    derived: tuple[tuple[str, str, str], ...] = ()
    reason: str | None = None
    asked: Asked = NO_OBJECTS
    digest: int = 0
    version: VersionWrite | None = None

    @property
    def may_be_wrapped(self) -> bool:
        """Whether a transaction of ours makes no difference to it, beside others in one Query."""
        return self.handling is Handling.WRAP or self.kind in _NEUTRAL


#: What runs in a transaction whatever its options are.
_WRAPPED = frozenset(
    """
    select insert update delete merge create create_table_as view truncate copy refresh_mat_view
    explain execute comment grant grant_role alter_default_privileges create_schema create_seq
    alter_seq create_function alter_function create_trig create_policy alter_policy create_enum
    alter_enum create_domain alter_domain composite_type create_range define create_extension
    alter_extension alter_extension_contents rule create_role alter_role alter_role_set drop_role
    alter_owner alter_object_schema alter_object_depends create_stats alter_stats create_cast
    create_conversion create_op_class create_op_family alter_op_family create_am create_plang
    create_transform create_fdw alter_fdw create_foreign_server alter_foreign_server
    create_foreign_table create_user_mapping alter_user_mapping drop_user_mapping
    import_foreign_schema create_publication alter_publication create_event_trig
    alter_event_trig sec_label drop_owned reassign_owned alter_operator alter_type
    alter_tsdictionary alter_tsconfiguration alter_collation
    """.split()  # noqa: SIM905  reads better
)
_PASSED = frozenset(
    """
    transaction variable_set variable_show constraints_set listen unlisten notify discard
    close_portal deallocate prepare check_point load
    """.split()  # noqa: SIM905  reads better
)
#: What runs the query of a cursor: a piece of it each time.
_ASKED = frozenset({"declare_cursor", "fetch"})
#: What is in a transaction of ours what it is in the implicit one of several statements.
_NEUTRAL = frozenset({"variable_set", "variable_show"})
_WRITES = frozenset({"insert", "update", "delete"})
#: In a DO block: what may end the transaction it runs in.
_ENDS_TRANSACTION = re.compile(r"\b(commit|rollback|call)\b", re.IGNORECASE)
#: Parsing takes time that grows with the text; data comes in COPY or bound.
_LONGEST_PARSED = 256 << 10
_LONGEST_REMEMBERED = 8 << 10
_DATA_WORDS = {
    "insert": "insert", "update": "update", "delete": "delete", "merge": "merge",
    "select": "select", "values": "select", "with": "select",
}  # fmt: skip


def read_statements(sql: bytes) -> tuple[Statement, ...]:
    """Return the statements of one Query or Parse message; nothing where it is empty.

    What cannot be parsed becomes one statement of the kind ``unknown``.
    """
    return _remembered(sql) if len(sql) <= _LONGEST_REMEMBERED else _read_message(sql)


def _read_message(sql: bytes) -> tuple[Statement, ...]:
    digest = digest_of(sql)
    try:
        text = sql.decode()
    except UnicodeDecodeError:
        text = sql.decode("latin-1")
    return tuple(replace(statement, digest=digest) for statement in _read_text(text))


def _read_text(text: str) -> tuple[Statement, ...]:
    if len(text) <= _LONGEST_PARSED:
        return _read(text)
    try:
        pieces = postgast.split(text, method="scanner")
    except postgast.PgQueryError:
        return (_unknown(text),)
    return tuple(s for piece in pieces for s in _read_piece(piece))


def _read(text: str) -> tuple[Statement, ...]:
    try:
        tree = postgast.parse(text)
    except postgast.PgQueryError:
        return (_unknown(text),)
    data = text.encode()
    found = []
    for raw in tree.stmts:
        end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(data)
        piece = data[raw.stmt_location : end].decode()
        start = end - len(piece.lstrip().encode())
        found.append(_classify(piece.strip(), raw.stmt, start))
    return tuple(found)


_remembered = lru_cache(maxsize=256)(_read_message)


def _read_piece(text: str) -> tuple[Statement, ...]:
    """Read one statement of a long text; by its first word where it is long itself."""
    if len(text) <= _LONGEST_PARSED:
        return _read(text)
    word = re.match(r"\s*(\w+)", text)
    kind = _DATA_WORDS.get(word.group(1).lower()) if word else None
    if kind is None:
        return (_unknown(text),)
    return (Statement(leading_words(text), kind, Handling.WRAP),)


def _unknown(text: str) -> Statement:
    return Statement(leading_words(text), "unknown", Handling.WATCH)


def _classify(text: str, node: Any, start: int) -> Statement:
    field = node.WhichOneof("node")
    kind = field.removesuffix("_stmt")
    stmt = getattr(node, field)
    if kind in _WRITES:
        version = read_version_write(kind, stmt)
        return Statement(mask_values(text, kind), kind, Handling.WRAP, version=version)
    special = _SPECIAL.get(kind)
    shown = mask_values(text, kind, stmt, start)
    reason, asked = read_reason(kind, stmt), read_asked(kind, stmt)
    if special is not None:
        handling, partitioned, derived = special(stmt)
        return Statement(shown, kind, handling, partitioned, derived, reason, asked)
    if kind in _PASSED:
        return Statement(shown, kind, Handling.PASS)
    if kind in _ASKED:
        return Statement(shown, kind, Handling.ASK)
    handling = Handling.WRAP if kind in _WRAPPED else Handling.WATCH
    return Statement(shown, kind, handling, reason=reason, asked=asked)


_Special = tuple[Handling, str | None, tuple[tuple[str, str, str], ...]]
_WRAP: _Special = (Handling.WRAP, None, ())
_WATCH: _Special = (Handling.WATCH, None, ())


def _derived(mode: str, *relations: Any) -> tuple[tuple[str, str, str], ...]:
    return tuple((r.schemaname, r.relname, mode) for r in relations)


def _has_option(options: Sequence[Any], name: str) -> bool:
    """Whether an option is there and not off; options come as DefElem."""
    for option in options:
        element = option.def_elem
        if element.defname.lower() == name:
            value = element.arg.WhichOneof("node")
            words = {"string": element.arg.string.sval, "integer": str(element.arg.integer.ival)}
            return words.get(value or "", "on").lower() not in {"off", "false", "0"}
    return False


def _index(stmt: Any) -> _Special:
    if not stmt.concurrent:
        return _WRAP
    return Handling.WATCH, None, _derived("SHARE_UPDATE_EXCLUSIVE", stmt.relation)


def _drop(stmt: Any) -> _Special:
    if not stmt.concurrent:
        return _WRAP
    names = [[part.string.sval for part in item.list.items] for item in stmt.objects]
    derived = [
        (parts[-2] if len(parts) > 1 else "", parts[-1], "SHARE_UPDATE_EXCLUSIVE")
        for parts in names
    ]
    return Handling.WATCH, None, tuple(derived)


def _alter_table(stmt: Any) -> _Special:
    for command in stmt.cmds:
        definition = getattr(command.alter_table_cmd, "def")
        partition = definition.partition_cmd
        if definition.WhichOneof("node") == "partition_cmd" and partition.concurrent:
            both = _derived("SHARE_UPDATE_EXCLUSIVE", stmt.relation, partition.name)
            return Handling.WATCH, None, both
    return _WRAP


def _reindex(stmt: Any) -> _Special:
    if stmt.relation.relname and _has_option(stmt.params, "concurrently"):
        return Handling.WATCH, None, _derived("SHARE_UPDATE_EXCLUSIVE", stmt.relation)
    if not stmt.relation.relname:
        return _WATCH
    return Handling.WRAP, stmt.relation.relname, ()


def _cluster(stmt: Any) -> _Special:
    return (Handling.WRAP, stmt.relation.relname, ()) if stmt.relation.relname else _WATCH


def _vacuum(stmt: Any) -> _Special:
    relations = [item.vacuum_relation.relation for item in stmt.rels]
    if not stmt.is_vacuumcmd:
        return _WRAP if relations else _WATCH
    full = _has_option(stmt.options, "full")
    mode = "ACCESS_EXCLUSIVE" if full else "SHARE_UPDATE_EXCLUSIVE"
    return Handling.WATCH, None, _derived(mode, *relations)


def _do(stmt: Any) -> _Special:
    body = " ".join(arg.def_elem.arg.string.sval for arg in stmt.args)
    return _WATCH if _ENDS_TRANSACTION.search(body) else _WRAP


def _rename(stmt: Any) -> _Special:
    kind = postgast.pg_query_pb2.ObjectType.Name(stmt.rename_type)
    return _WATCH if kind == "OBJECT_DATABASE" else _WRAP


def _lock(_: Any) -> _Special:
    return Handling.LOCK, None, ()


def _transaction(stmt: Any) -> _Special:
    kind = postgast.pg_query_pb2.TransactionStmtKind.Name(stmt.kind)
    return (Handling.BACK if kind == "TRANS_STMT_ROLLBACK_TO" else Handling.PASS), None, ()


_SPECIAL = {
    "index": _index,
    "drop": _drop,
    "alter_table": _alter_table,
    "reindex": _reindex,
    "cluster": _cluster,
    "vacuum": _vacuum,
    "do": _do,
    "rename": _rename,
    "lock": _lock,
    "transaction": _transaction,
}
