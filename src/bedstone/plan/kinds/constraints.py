# SPDX-License-Identifier: Apache-2.0
"""Constraints of tables and of domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.plan.kinds.indexes import (
    change_index_options,
    columns_of,
    set_statistics,
    tail_of,
)
from bedstone.plan.kinds.writer import Writer
from bedstone.plan.side import stands_on_index, words
from bedstone.plan.spelling import relation_path
from bedstone.plan.statement import Hazard, Statement, Transaction
from bedstone.sql import quote_identifier
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Attributes, Object
    from bedstone.plan.change import Change, Scene

_KEYS = frozenset({"primary key", "unique"})
_EXCLUSIVE = LockMode.ACCESS_EXCLUSIVE
_ROWS = LockMode.SHARE_ROW_EXCLUSIVE
_SHARED = LockMode.SHARE_UPDATE_EXCLUSIVE
#: The major version in which a foreign key of a partitioned table may be NOT VALID, in which a
#: constraint may be NOT ENFORCED and its inheritance altered.
_18 = 18


def definition(item: Object) -> str:
    """Return the constraint with its name, as CREATE TABLE and ADD write it, always valid."""
    return f"constraint {quote_identifier(item.key.name)} {_body(item.attributes)}"


def _body(attributes: Attributes) -> str:
    kind = attributes["type"]
    if kind == "check":
        text = f"check ({attributes['expression']})"
        text += " no inherit" if attributes["no_inherit"] else ""
    elif kind == "foreign key":
        text = _foreign_key(attributes)
    elif kind == "exclude":
        text = f"exclude using {attributes['method']} ({_elements(attributes)})"
        text += tail_of(attributes)
        text += f" where ({attributes['where']})" if attributes["where"] else ""
    else:
        distinct = " nulls not distinct" if attributes["nulls_not_distinct"] else ""
        text = f"{kind}{distinct} ({_columns(attributes)}){tail_of(attributes)}"
    if attributes["deferrable"]:
        text += " deferrable"
        text += " initially deferred" if attributes["initially_deferred"] else ""
    return text + ("" if attributes["enforced"] else " not enforced")


def _columns(attributes: Attributes) -> str:
    names = [quote_identifier(name) for name in words(attributes["columns"])]
    if attributes["period"]:
        names[-1] += " without overlaps"
    return ", ".join(names)


def _foreign_key(attributes: Attributes) -> str:
    own = [quote_identifier(name) for name in words(attributes["columns"])]
    other = [quote_identifier(name) for name in words(attributes["referenced_columns"])]
    if attributes["period"]:
        own[-1], other[-1] = f"period {own[-1]}", f"period {other[-1]}"
    text = f"foreign key ({', '.join(own)}) references {attributes['references']} "
    text += f"({', '.join(other)})"
    if attributes["match"] != "simple":
        text += f" match {attributes['match']}"
    if attributes["on_update"] != "no action":
        text += f" on update {attributes['on_update']}"
    if attributes["on_delete"] != "no action":
        text += f" on delete {attributes['on_delete']}"
        if set_only := words(attributes["on_delete_columns"]):
            text += f" ({', '.join(map(quote_identifier, set_only))})"
    return text


def _elements(attributes: Attributes) -> str:
    elements = attributes["elements"]
    assert isinstance(elements, tuple)  # noqa: S101  an exclusion constraint has some
    found = zip(columns_of(elements), words(attributes["operators"]), strict=True)
    return ", ".join(f"{column} with operator({_operator(text)})" for column, text in found)


def _operator(text: str) -> str:
    """Return the name out of what ``regoperator`` prints: ``schema.=(integer,integer)``."""
    name = text[: text.index("(")]
    return name if "." in name else f"pg_catalog.{name}"


class Constraints(Writer):
    """Check, key, foreign key and exclusion constraints of tables."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Add the constraint, on a table with rows without reading them under a strong lock."""
        attributes = item.attributes
        table = scene.b.table_of(item.key)
        inherited = attributes["local"] is False and attributes["type"] in {"check", "foreign key"}
        by_itself = scene.is_by_itself(table) and attributes["type"] == "check"
        if inherited and not by_itself and not scene.b.is_adopted(item.key):
            above = scene.b.brought.get(item.key)  # it, or a table that is attached, brings it
            if above is not None and table in scene.a and attributes["validated"]:
                yield from () if scene.b[above].attributes["validated"] else (validate(item.key),)
            return
        yield from self._made(item, scene, table)
        if attributes["statistics"]:
            yield from set_statistics(item.key, None, attributes["statistics"])
        if table in scene.a and not scene.is_moved(table) and stands_on_index(item):
            yield from attach_key(item.key, scene)

    def _made(self, item: Object, scene: Scene, table: Key | None) -> Iterator[Statement]:
        attributes = item.attributes
        if not scene.is_online(table) or not attributes["enforced"]:
            yield self._plain(item, scene)
        elif attributes["type"] in _KEYS and not attributes["period"]:
            yield from self._key_online(item, scene)
        elif attributes["type"] in {"check", "foreign key"} and attributes["validated"]:
            yield from self._validated_later(item, scene)
        else:
            yield self._plain(item, scene)

    def _plain(self, item: Object, scene: Scene) -> Statement:
        attributes = item.attributes
        not_valid = "" if attributes["validated"] or not attributes["enforced"] else " not valid"
        hazards: tuple[Hazard, ...] = ()
        if scene.may_have_rows(scene.b.table_of(item.key)) and not not_valid:
            hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL)
        lock = _ROWS if attributes["type"] == "foreign key" else _EXCLUSIVE
        return _add(item, not_valid, scene, lock=lock, hazards=hazards)

    def _validated_later(self, item: Object, scene: Scene) -> Iterator[Statement]:
        fk = item.attributes["type"] == "foreign key"
        lock = _ROWS if fk else _EXCLUSIVE
        table = scene.b.table_of(item.key)
        partitioned = table is not None and scene.b[table].attributes.get("partition_by")
        if fk and partitioned and scene.options.lowest < _18:
            hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL)
            yield _add(item, "", scene, lock=lock, hazards=hazards)
            return
        yield _add(item, " not valid", scene, lock=lock, reason="without reading the rows")
        yield validate(item.key)

    def _key_online(self, item: Object, scene: Scene) -> Iterator[Statement]:
        key = item.key
        table = scene.b.table_of(key)
        assert table is not None  # noqa: S101  is_online asked
        if scene.b[table].attributes.get("partition_by") or table.kind == "foreign table":
            yield self._plain(item, scene)
            return
        name = quote_identifier(key.name)
        yield build_key(item, name)
        yield take_index(item, name)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the constraint."""
        path = relation_path(item.key)
        only = "only " if scene.is_left_to_children(item.key) else ""
        yield Statement(
            f"alter table {only}{path} drop constraint {quote_identifier(item.key.name)}",
            item.key, lock=_EXCLUSIVE, on=path,
        )  # fmt: skip

    def can_alter(self, change: Change) -> bool:
        """Whether ALTER or VALIDATE can do it."""
        after, before = change.after, change.before
        if change.only("local", "inherited_from", "valid", "statistics"):
            return True
        if change.only("validated"):
            return bool(after["validated"])
        if change.only("deferrable", "initially_deferred"):
            return after["type"] == "foreign key"
        return change.only("tablespace", "options") and before["type"] != "check"

    def alter(self, change: Change) -> Iterator[Statement]:
        """Change a constraint where it is."""
        key, after = change.key, change.after
        if change.has("inherited_from") and not change.scene.is_moved(change.scene.b.table_of(key)):
            yield from attach_key(key, change.scene)
        if change.has("validated"):
            yield validate(key)
        if change.has("deferrable", "initially_deferred"):
            words_ = "deferrable" if after["deferrable"] else "not deferrable"
            words_ += " initially deferred" if after["initially_deferred"] else ""
            path, name = relation_path(key), quote_identifier(key.name)
            yield Statement(
                f"alter table {path} alter constraint {name} {words_}",
                key, lock=_EXCLUSIVE, on=path,
            )  # fmt: skip
        if change.has("tablespace"):
            name = quote_identifier(str(after["tablespace"] or "pg_default"))
            yield Statement(f"alter index {_index(key)} set tablespace {name}", key,
                            hazards=(Hazard.BLOCKS,))  # fmt: skip
        if change.has("options"):
            yield from change_index_options(key, change.before, after)
        if change.has("statistics"):
            yield from set_statistics(key, change.before["statistics"], after["statistics"])


def build_key(item: Object, name: str) -> Statement:
    """Write the index that a key is to stand on, built while others write."""
    attributes, path = item.attributes, relation_path(item.key)
    distinct = " nulls not distinct" if attributes["nulls_not_distinct"] else ""
    return Statement(
        f"create unique index concurrently {name} on {path} ({_columns(attributes)})"
        f"{_include_first(attributes, distinct)}",
        item.key, "built while others write", _SHARED, path, (Hazard.MAY_FAIL,), Transaction.NONE,
    )  # fmt: skip


def take_index(item: Object, name: str) -> Statement:
    """Write the key that takes the index of this name, and gives it its own."""
    key, attributes, path = item.key, item.attributes, relation_path(item.key)
    suffix = ""
    if attributes["deferrable"]:
        suffix = " deferrable"
        suffix += " initially deferred" if attributes["initially_deferred"] else ""
    return Statement(
        f"alter table {path} add constraint {quote_identifier(key.name)} {attributes['type']} "
        f"using index {name}{suffix}",
        key, "takes the index that is there", _EXCLUSIVE, path,
    )  # fmt: skip


def add_alone(item: Object) -> Statement:
    """Write the key of a partitioned table, of which the partitions' keys become parts."""
    path = relation_path(item.key)
    return Statement(
        f"alter table only {path} add {definition(item)}", item.key,
        "without the partitions, which have theirs", _EXCLUSIVE, path,
    )  # fmt: skip


def attach_key(key: Key, scene: Scene) -> Iterator[Statement]:
    """Write what makes a partition's key a part of that of the table above."""
    above = scene.b.brought.get(key)
    if above is not None:
        parent = quote_identifier(above.schema or "", above.name)
        yield Statement(
            f"alter index {parent} attach partition {_index(key)}", key, "",
            _EXCLUSIVE, _index(key),
        )  # fmt: skip


def _include_first(attributes: Attributes, distinct: str) -> str:
    """Put NULLS NOT DISTINCT where CREATE INDEX wants it: after INCLUDE."""
    text = tail_of(attributes, tablespace_word="tablespace")
    if not distinct:
        return text
    head, word, rest = text.partition(" with (")
    return f"{head}{distinct}{word}{rest}"


def validate(key: Key) -> Statement:
    """Write VALIDATE CONSTRAINT."""
    path = relation_path(key)
    return Statement(
        f"alter table {path} validate constraint {quote_identifier(key.name)}",
        key, "reads the rows, writers go on", _SHARED, path, (Hazard.MAY_FAIL,), Transaction.OWN,
    )  # fmt: skip


def _add(
    item: Object, suffix: str, scene: Scene, *, lock: LockMode, reason: str = "",
    hazards: tuple[Hazard, ...] = (),
) -> Statement:  # fmt: skip
    path = relation_path(item.key)
    table = scene.b.table_of(item.key)
    only = ""
    if table is not None and stands_on_index(item):
        alone = scene.b.is_partitioned(table) and not scene.is_kept_by_manager(table)
        only = "only " if alone else ""
    word = "foreign table" if table is not None and table.kind == "foreign table" else "table"
    sql = f"alter {word} {only}{path} add {definition(item)}{suffix}"
    return Statement(sql, item.key, reason, lock, path, hazards)


def _index(key: Key) -> str:
    return quote_identifier(key.schema or "", key.name)


class DomainConstraints(Writer):
    """Check constraints of domains."""

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Add the check; rows of a domain that is in use are read later, not under the lock."""
        key, attributes = item.key, item.attributes
        domain = relation_path(key)
        name = quote_identifier(key.name)
        used = scene.options.online and _domain_of(key) in scene.a
        later = used and attributes["validated"]
        suffix = " not valid" if later or not attributes["validated"] else ""
        check = f"check ({attributes['expression']}){suffix}"
        lock = locked_by_domain(_domain_of(key), scene) if not suffix else (None, None)
        yield Statement(f"alter domain {domain} add constraint {name} {check}", key, "", *lock)
        if later:
            yield _validate_domain(key, scene)

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Drop the check."""
        name = quote_identifier(item.key.name)
        yield Statement(f"alter domain {relation_path(item.key)} drop constraint {name}", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether it is only to be validated."""
        return change.only("validated") and bool(change.after["validated"])

    def alter(self, change: Change) -> Iterator[Statement]:
        """Validate it."""
        yield _validate_domain(change.key, change.scene)


def _domain_of(key: Key) -> Key:
    return Key("domain", key.schema, key.parent or "")


def locked_by_domain(domain: Key, scene: Scene) -> tuple[LockMode | None, str | None]:
    """Return the lock on the tables whose values are read for a domain, and the first of them."""
    columns = (k for k in sorted(scene.a.dependants.get(domain, ())) if k.kind == "column")
    table = next(columns, None)
    return (LockMode.SHARE, relation_path(table)) if table is not None else (None, None)


def _validate_domain(key: Key, scene: Scene) -> Statement:
    name = quote_identifier(key.name)
    lock, on = locked_by_domain(_domain_of(key), scene)
    hazards = (Hazard.BLOCKS, Hazard.MAY_FAIL) if lock is not None else (Hazard.MAY_FAIL,)
    return Statement(
        f"alter domain {relation_path(key)} validate constraint {name}", key,
        "reads the rows of every column of the domain",
        lock, on, hazards, Transaction.OWN,
    )  # fmt: skip
