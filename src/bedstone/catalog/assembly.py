# SPDX-License-Identifier: Apache-2.0
"""From rows of the catalogue queries to objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from bedstone.catalog.model import Attributes, Key, Shape, Unmodelled, Value
from bedstone.catalog.options import parse_options
from bedstone.catalog.privileges import parse_acl

if TYPE_CHECKING:
    from bedstone.catalog.snapshot import Result

Address = tuple[int, int, int]
Row = dict[str, Any]
#: Turns a row into attributes, where that needs more than taking them over; may set ``name``,
#: ``namespace``, ``relation`` or ``parent`` in the row. ``None`` leaves the row out.
Refine = Callable[[Row, "Assembly"], "dict[str, Value] | None"]

PLACES = ("oid", "subid", "alias", "relid", "kind", "namespace", "relation", "name", "parent")
_ARRAYS = frozenset({1000, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1028})
_BINDABLE = frozenset({"function", "procedure", "trigger", "index", "materialized view"})
_WITH_CONSTRAINT = frozenset({"column", "domain", "trigger"})
_COMMON = ("comment", "security_labels")


def is_system_schema(name: str) -> bool:
    """Say whether a schema is PostgreSQL's own; what is in it is in no catalog of ours."""
    return name.startswith("pg_") or name == "information_schema"


@dataclass
class Assembly:
    """What is known while a catalog is put together, by address (catalogue, OID, column)."""

    catalogues: Mapping[str, int]
    found: dict[Key, Attributes] = field(default_factory=dict)
    extensions: dict[Key, str] = field(default_factory=dict)
    addresses: dict[Address, Key] = field(default_factory=dict)
    schemas: dict[int, str] = field(default_factory=dict)
    system_schemas: dict[int, str] = field(default_factory=dict)
    #: Of which extension something is a member; ``None``: a partition that one looks after.
    members: dict[tuple[int, int], str | None] = field(default_factory=dict)
    bound: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    comments: dict[Address, str] = field(default_factory=dict)
    labels: dict[Address, tuple[Value, ...]] = field(default_factory=dict)
    relations: dict[int, tuple[str, str]] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    index_owners: dict[int, int] = field(default_factory=dict)
    hidden: dict[int, tuple[str, str]] = field(default_factory=dict)
    hidden_columns: dict[tuple[int, int], str] = field(default_factory=dict)
    passed_over: set[Address] = field(default_factory=set)
    unmodelled: list[Unmodelled] = field(default_factory=list)
    _known: dict[tuple[Shape, tuple[Value, ...]], Attributes] = field(default_factory=dict)

    def add(self, result: Result, refine: Refine | None = None) -> None:
        """Take in the rows of one query."""
        sink = _Sink(self, result)
        if refine is None:
            self._add_plain(result, sink)
            return
        for values in result.rows:
            row = dict(zip(result.names, values, strict=True))
            attributes = refine(row, self)
            place = tuple(map(row.get, PLACES))
            key = None
            if attributes is not None:
                key = self._key(sink.catalogue, place, result.query.kind)
            sink.put(key, place, attributes or (), _values_of_dict, attributes)

    def _add_plain(self, result: Result, sink: _Sink) -> None:
        reader = _RowReader(result, self)
        for row in result.rows:
            place = reader.place(row)
            key = self._key(sink.catalogue, place, result.query.kind)
            sink.put(key, place, reader.attributes, reader.values, row)

    def intern(self, shape: Shape, values: tuple[Value, ...]) -> Attributes:
        """Return attributes with these values, the same ones where they were there before."""
        known = self._known.get((shape, values))
        if known is None:
            known = self._known[shape, values] = Attributes(shape, values)
        return known

    def _key(self, catalogue: int, place: tuple[Any, ...], known: str | None) -> Key | None:
        """Return the key of the object at *place*, or ``None`` where it is not shown."""
        oid, subid, _, _, named, namespace, relation, name, parent = place
        kind: str = named or known or ""
        if relation is not None:
            owner = self.relations.get(relation)
            if owner is None:
                if subid is not None:
                    self.hidden_columns[relation, subid] = name
                return None
            return Key(kind, owner[0], name, owner[1])
        if (catalogue, oid) in self.members:
            if catalogue == self.catalogues["pg_class"]:
                schema = self.schemas.get(namespace) or self.system_schemas.get(namespace, "")
                self.hidden[oid] = (schema, name)
            return None
        if namespace is None:
            return Key(kind, None, name, parent)
        found = self.schemas.get(namespace)
        if found is None:
            self._note_in_system_schema(kind, namespace, name)
            return None
        return Key(kind, found, name, parent)

    def _note_in_system_schema(self, kind: str, namespace: int, name: str) -> None:
        schema = self.system_schemas.get(namespace, "")
        if schema in {"pg_catalog", "information_schema"}:
            reason = "made in a schema of the system's own, where pg_dump does not look either"
            self.unmodelled.append(Unmodelled(str(Key(kind, schema, name)), reason))

    def put_privileges(self, key: Key, acl: Value, extension: str | None) -> None:
        """Add the changed privileges of an object that is not shown itself."""
        self.found[key] = Attributes(Shape(key.kind, ("acl",)), (acl,))
        if extension is not None:
            self.extensions[key] = extension

    def is_part_of_hidden(self, address: Address) -> bool:
        """Say whether *address* is in a schema of the system's own or of an extension's making."""
        return address[:2] in self.members or address in self.passed_over

    def column_name(self, relation: int, number: int) -> str:
        """Return the name of a column, also where its table is not shown."""
        key = self.addresses.get((self.catalogues["pg_class"], relation, number))
        if key is not None:
            return key.name
        return self.hidden_columns.get((relation, number), f"#{number}")

    def relation_name(self, relation: int) -> tuple[str, str]:
        """Return schema and name of a relation, also where it is not shown."""
        return self.relations.get(relation) or self.hidden.get(relation) or ("", f"#{relation}")


class _Sink:
    """Where the rows of one query go: adds comment, labels and addresses to each object."""

    def __init__(self, assembly: Assembly, result: Result) -> None:
        self._assembly = assembly
        self._class = assembly.catalogues["pg_class"]
        self._constraints = assembly.catalogues["pg_constraint"]
        self._shapes: dict[str, Shape] = {}
        self.catalogue = assembly.catalogues.get(result.query.catalogue or "", 0)

    def put(
        self,
        key: Key | None,
        place: tuple[Any, ...],
        names: Iterable[str],
        values_of: Callable[[Any, tuple[Any, ...]], list[Value]],
        row: Any,
    ) -> None:
        """Add the object *key*; without one, note that what is at *place* is left out."""
        oid, subid, alias, relid, _, _, relation, _, _ = place
        assembly, catalogue = self._assembly, self.catalogue
        address = (catalogue, oid or 0, 0) if subid is None else (catalogue, relation, subid)
        if key is None:
            assembly.passed_over.add((catalogue, oid or relation, 0))
            return
        values = values_of(row, place)
        values.append(assembly.comments.get(address))
        values.append(assembly.labels.get(address))
        kind = key.kind
        if kind in _BINDABLE:
            values.append(assembly.bound.get(address[:2]))
        assembly.addresses[address] = key
        if kind in _WITH_CONSTRAINT:
            values.append(None if alias is None else self._alias(key, alias))
        if relid is not None:
            assembly.addresses[self._class, relid, 0] = key
            assembly.relations[relid] = (key.schema or "", key.name)
        shape = self._shapes.get(kind) or self._new_shape(kind, tuple(names))
        assembly.found[key] = assembly.intern(shape, tuple(values))

    def _alias(self, key: Key, constraint: int) -> str | None:
        address = (self._constraints, constraint, 0)
        self._assembly.addresses[address] = key
        return self._assembly.comments.get(address)

    def _new_shape(self, kind: str, names: tuple[str, ...]) -> Shape:
        names += _COMMON
        if kind in _BINDABLE:
            names += ("depends_on_extensions",)
        if kind in _WITH_CONSTRAINT:
            names += ("constraint_comment",)
        shape = self._shapes[kind] = Shape(kind, names)
        return shape


def _values_of_dict(attributes: dict[str, Value], _place: tuple[Any, ...]) -> list[Value]:
    return list(attributes.values())


class _RowReader:
    """How the rows of one result are taken apart, worked out once."""

    def __init__(self, result: Result, assembly: Assembly) -> None:
        index = {name: position for position, name in enumerate(result.names)}
        self._place = itemgetter(*(index.get(name, -1) for name in PLACES))
        self.attributes = tuple(name for name in result.names if name not in PLACES)
        positions = [index[name] for name in self.attributes]
        self._single = len(positions) == 1
        self._get = itemgetter(*positions) if positions else lambda _row: ()
        self._owners = assembly.owners
        self._owner = index.get("owner")
        self._acl = self.attributes.index("acl") if "acl" in index else None
        self._acl_at = index.get("acl", 0)
        self._lists = [
            (position, name)
            for position, name in enumerate(self.attributes)
            if result.types[index[name]] in _ARRAYS and name != "acl"
        ]
        self._relations = result.query.catalogue == "pg_class" and "relation" not in index
        self._assembly = assembly

    def place(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        place: tuple[Any, ...] = self._place((*row, None))  # what the query does not have: -1
        return place

    def values(self, row: tuple[Any, ...], place: tuple[Any, ...]) -> list[Value]:
        values: list[Value] = [self._get(row)] if self._single else list(self._get(row))
        owner = row[self._owner] if self._owner is not None else self._owners.get(place[6])
        if self._acl is not None and values[self._acl] is not None:
            acl = parse_acl(row[self._acl_at], owner)
            values[self._acl] = None if place[1] is not None and not acl else acl
        for position, name in self._lists:
            if values[position] is not None:
                values[position] = parse_options(name, values[position])
        if self._relations:
            self._assembly.owners[place[0]] = str(owner)
            schema = self._assembly.schemas[place[5]]
            self._assembly.relations[place[0]] = (schema, place[7])
        return values
