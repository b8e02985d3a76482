# SPDX-License-Identifier: Apache-2.0
"""The content of a database as values: keys, objects, the catalog that holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from bedstone.catalog.kinds import COSMETIC, PARENTS, UNCOMPARED, word_for
from bedstone.sql.quote import quote_identifier

#: What an attribute can hold: what JSON can hold, with tuples for lists and no mappings.
Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | None"

FINGERPRINT_VERSION = "v1"

#: Kinds whose names are no identifiers.
_AS_IT_IS = frozenset(
    {"cast", "transform", "operator", "user mapping", "default privileges", "setting", "privileges"}
)


class Key(NamedTuple):
    """What tells one object of a database from all others, without an OID.

    *parent* is the relation of a column, constraint, index, trigger, rule or policy (its schema
    is *schema*), the argument types of a function, aggregate or operator, the access method of
    an operator class or family, the server of a user mapping, the publication of a member, the
    enum of a value.
    """

    kind: str
    schema: str | None
    name: str
    parent: str | None = None

    @property
    def sort_key(self) -> tuple[str, str, str, str]:
        """The order in which catalogs hold and show objects."""
        return (self.kind, self.schema or "", self.parent or "", self.name)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        return self.sort_key < other.sort_key

    def __str__(self) -> str:
        return f"{word_for(self.kind)} {self.path}"

    @property
    def path(self) -> str:  # noqa: C901, PLR0911  one case a form of name
        """The name as SQL writes it, without the word for the kind."""
        schema = () if self.schema is None else (self.schema,)
        parent = self.parent or ""
        name = self.name if self.kind in _AS_IT_IS else quote_identifier(*schema, self.name)
        match self.kind:
            case "function" | "procedure" | "aggregate":
                return f"{name}({parent})"
            case "column" | "view column" | "attribute" | "value":
                return quote_identifier(*schema, parent, self.name)
            case "constraint" | "trigger" | "rule" | "policy" | "domain constraint":
                return f"{quote_identifier(self.name)} on {quote_identifier(*schema, parent)}"
            case "cast" | "transform":
                return f"({name})"
            case "operator":
                return f"{''.join(quote_identifier(s) + '.' for s in schema)}{name} ({parent})"
            case "operator class" | "operator family":
                return f"{name} using {quote_identifier(parent)}"
            case "user mapping":
                return f"for {name} server {quote_identifier(parent)}"
            case "publication table" | "publication schema":
                return f"{name} in {quote_identifier(parent)}"
            case "default privileges":
                where = "".join(f" in schema {quote_identifier(s)}" for s in schema)
                return f"for role {quote_identifier(name)}{where} on {parent}"
            case "setting":
                return name + (f" for role {quote_identifier(parent)}" if parent else "")
            case "privileges":
                return f"on {parent} {name}"
        return name


class Shape:
    """The names of the attributes that objects of one kind have, in order."""

    __slots__ = ("compared", "index", "kind", "names")

    def __init__(self, kind: str, names: tuple[str, ...]) -> None:
        self.kind = kind
        self.names = names
        self.index = {name: position for position, name in enumerate(names)}
        self.compared = tuple(
            position
            for position, name in enumerate(names)
            if (kind, name) not in COSMETIC and (kind, name) not in UNCOMPARED
        )


class Attributes(Mapping[str, Value]):
    """The properties of one object, immutable; ``None`` where PostgreSQL's own default holds."""

    __slots__ = ("_digest", "row", "shape")

    def __init__(self, shape: Shape, values: tuple[Value, ...]) -> None:
        self.shape = shape
        self.row = values
        self._digest: bytes | None = None

    @classmethod
    def of(cls, kind: str, values: Mapping[str, Value]) -> Attributes:
        """Build the attributes of an object of *kind* from a plain mapping."""
        return cls(Shape(kind, tuple(values)), tuple(values.values()))

    def __getitem__(self, name: str) -> Value:
        return self.row[self.shape.index[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.shape.names)

    def __len__(self) -> int:
        return len(self.shape.names)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Attributes) and self.shape.names == other.shape.names:
            return self.row == other.row
        if isinstance(other, Mapping):
            return dict(self) == dict(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        said = {name: value for name, value in self.items() if value is not None}
        return f"Attributes({self.shape.kind!r}, {said!r})"

    @property
    def digest(self) -> bytes:
        """SHA-256 of what is compared: names and values, those that are ``None`` left out."""
        if self._digest is None:
            names, values = self.shape.names, self.row
            said = {names[i]: values[i] for i in self.shape.compared if values[i] is not None}
            text = json.dumps(said, sort_keys=True, separators=(",", ":"))
            self._digest = hashlib.sha256(text.encode()).digest()
        return self._digest


@dataclass(frozen=True, slots=True)
class Object:
    """One object: what it is called, what it is like, what it needs.

    *depends* follows ``pg_depend`` and ``pg_shdepend``; the schema and the parent, which the key
    names already, are not repeated in it. *extension* is set where the object is a member of an
    extension and appears because a user changed it.
    """

    key: Key
    attributes: Attributes
    depends: frozenset[Key] = field(default=frozenset(), compare=False)
    extension: str | None = None

    @property
    def owning_column(self) -> Key | None:
        """The column that a sequence goes with; ``None`` for all else."""
        owned_by = self.attributes.get("owned_by")
        if not isinstance(owned_by, tuple):
            return None
        schema, table, column = (str(part) for part in owned_by)
        return Key("column", schema, column, table)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the key and of what is compared."""
        head = "\x00".join(part if part is not None else "\x01" for part in self.key)
        tail = "\x00" + (self.extension or "")
        return hashlib.sha256((head + tail).encode() + self.attributes.digest).digest()


@dataclass(frozen=True, slots=True, order=True)
class Unmodelled:
    """Something in the database that a catalog does not hold, and why."""

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


@dataclass(frozen=True)
class Catalog:
    """All that a database contains, as it was in one snapshot.

    *objects* is in the order of the keys. *unmodelled* says what was seen and could not be
    taken in; where it is not empty, an equal fingerprint is no proof of equality.
    """

    objects: Mapping[Key, Object]
    server_version: int
    unmodelled: tuple[Unmodelled, ...] = ()

    @property
    def major(self) -> int:
        """The major version of the server."""
        return self.server_version // 10000

    def __contains__(self, key: object) -> bool:
        return key in self.objects

    def __iter__(self) -> Iterator[Object]:
        return iter(self.objects.values())

    def __len__(self) -> int:
        return len(self.objects)

    def __getitem__(self, key: Key) -> Object:
        return self.objects[key]

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """``v1:`` and the SHA-256 of all objects, whatever is cosmetic or not compared left out.

        The same for the same content on any server of one major version: no OID, no order of
        creation and no dependency goes into it.
        """
        whole = hashlib.sha256()
        for digest in sorted(item.digest for item in self.objects.values()):
            whole.update(digest)
        return f"{FINGERPRINT_VERSION}:{whole.hexdigest()}"

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """Yield the objects of these kinds, in order."""
        if len(kinds) == 1:
            return iter(self._by_kind.get(kinds[0], ()))
        return (item for key, item in self.objects.items() if key.kind in kinds)

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Object]]:
        found: dict[str, list[Object]] = {}
        for key, item in self.objects.items():
            found.setdefault(key.kind, []).append(item)
        return found

    def parent_of(self, key: Key) -> Key | None:
        """Return the object that *key* is a part of: a column's table, a member's publication."""
        for kind in PARENTS.get(key.kind, ()):
            schema = key.schema if kind not in {"publication", "server"} else None
            parent = Key(kind, schema, key.parent or "")
            if parent in self.objects:
                return parent
        return None

    def without(self, unwanted: Collection[Key] | Callable[[Key], bool]) -> Catalog:
        """Return this catalog less some objects and all that is part of them.

        *unwanted* is a collection of keys, or says of each key whether it goes. With a table go
        its columns, constraints, indexes, triggers, rules and policies, and the sequences its
        columns own.
        """
        given = unwanted if callable(unwanted) else frozenset(unwanted).__contains__
        gone = {key for key in self.objects if given(key)}
        owners = {(key.schema, key.name) for key in gone if key.kind in PARENTS["column"]}
        for key, item in self.objects.items():
            parent = self.parent_of(key) if key.kind in PARENTS else None
            owner = item.attributes.get("owned_by")
            if parent in gone or (isinstance(owner, tuple) and owner[:2] in owners):
                gone.add(key)
        if not gone:
            return self
        kept = {key: item for key, item in self.objects.items() if key not in gone}
        return Catalog(kept, self.server_version, self.unmodelled)
