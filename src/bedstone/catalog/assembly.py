# SPDX-License-Identifier: Apache-2.0
"""From rows of the catalogue queries to objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from bedstone.catalog.model import Attributes, Key, Object, Shape, Unmodelled, Value
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
_COMMON = ("comment", "security_labels")


def is_system_schema(name: str) -> bool:
    """Say whether a schema is PostgreSQL's own; what is in it is in no catalog of ours."""
    return name.startswith("pg_") or name == "information_schema"


@dataclass
class Assembly:
    """What is known while a catalog is put together, by address (catalogue, OID, column)."""

    catalogues: Mapping[str, int]
    objects: dict[Key, Object] = field(default_factory=dict)
    addresses: dict[Address, Key] = field(default_factory=dict)
    schemas: dict[int, str] = field(default_factory=dict)
    system_schemas: dict[int, str] = field(default_factory=dict)
    members: dict[tuple[int, int], str] = field(default_factory=dict)
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
    _shapes: dict[tuple[str, tuple[str, ...]], Shape] = field(default_factory=dict)
    _known: dict[tuple[Shape, tuple[Value, ...]], Attributes] = field(default_factory=dict)

    def add(self, result: Result, refine: Refine | None = None) -> None:
        """Take in the rows of one query."""
        catalogue = self.catalogues.get(result.query.catalogue or "", 0)
        if refine is None:
            self._add_plain(result, catalogue)
            return
        for values in result.rows:
            row = dict(zip(result.names, values, strict=True))
            attributes = refine(row, self)
            if attributes is None:
                self.passed_over.add((catalogue, row["oid"], 0))
            else:
                self._add_refined(result, catalogue, row, attributes)

    def _add_plain(self, result: Result, catalogue: int) -> None:
        reader = _RowReader(result, self)
        for row in result.rows:
            place = reader.place(row)
            key = self._key(catalogue, place, result.query.kind)
            if key is None:
                self.passed_over.add((catalogue, int(place[0] or place[6]), 0))
            else:
                self.put(key, catalogue, place, reader.attributes, reader.values(row, place))

    def _add_refined(
        self, result: Result, catalogue: int, row: Row, attributes: dict[str, Value]
    ) -> None:
        place = tuple(row.get(name) for name in PLACES)
        key = self._key(catalogue, place, result.query.kind)
        if key is None:
            self.passed_over.add((catalogue, place[0] or 0, 0))
        else:
            names = tuple(attributes)
            self.put(key, catalogue, place, names, list(attributes.values()))

    def put(
        self,
        key: Key,
        catalogue: int,
        place: tuple[Any, ...],
        names: tuple[str, ...],
        values: list[Value],
    ) -> None:
        """Add one object, with its comment, labels and addresses."""
        oid, subid, alias, relid = place[:4]
        address = (catalogue, oid or 0, 0) if subid is None else (catalogue, place[6], subid)
        values.append(self.comments.get(address))
        values.append(self.labels.get(address))
        names += _COMMON
        if key.kind in _BINDABLE:
            names += ("depends_on_extensions",)
            values.append(self.bound.get(address[:2]))
        self.addresses[address] = key
        if alias is not None:
            constraint = (self.catalogues["pg_constraint"], alias, 0)
            self.addresses[constraint] = key
            names += ("constraint_comment",)
            values.append(self.comments.get(constraint))
        elif key.kind in {"column", "domain", "trigger"}:
            names += ("constraint_comment",)
            values.append(None)
        if relid is not None:
            self.addresses[self.catalogues["pg_class"], relid, 0] = key
            self.relations[relid] = (key.schema or "", key.name)
        self.objects[key] = Object(key, self._attributes(key.kind, names, tuple(values)))

    def _attributes(
        self, kind: str, names: tuple[str, ...], values: tuple[Value, ...]
    ) -> Attributes:
        shape = self._shapes.get((kind, names))
        if shape is None:
            shape = self._shapes[kind, names] = Shape(kind, names)
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
        attributes = self._attributes(key.kind, ("acl",), (acl,))
        self.objects[key] = Object(key, attributes, extension=extension)

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


class _RowReader:
    """How the rows of one result are taken apart, worked out once."""

    def __init__(self, result: Result, assembly: Assembly) -> None:
        index = {name: position for position, name in enumerate(result.names)}
        self._places = [index.get(name) for name in PLACES]
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
        return tuple([None if at is None else row[at] for at in self._places])

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
