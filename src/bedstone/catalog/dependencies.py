# SPDX-License-Identifier: Apache-2.0
"""``pg_depend`` and ``pg_shdepend`` as edges between keys."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bedstone.catalog.model import Key
from bedstone.catalog.queries import FIRST_USER_OID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.catalog.assembly import Address, Assembly

#: Catalogues of which a row that is an object's inner part is shown as that object: a table's row
#: type and toast table, a view's rule, a key's index, a foreign key's triggers, what makes a
#: value of a range type …
_PARTS = frozenset(
    {
        "pg_class",
        "pg_type",
        "pg_rewrite",
        "pg_trigger",
        "pg_constraint",
        "pg_attrdef",
        "pg_amop",
        "pg_amproc",
        "pg_proc",
        "pg_cast",
        "pg_policy",
        "pg_statistic_ext",
    }
)
#: Those of them whose rows hang on their owner by an automatic dependency, not an internal one,
#: and the catalogues of such owners: a member of an operator family hangs on its function, too.
_AUTOMATIC_PARTS = {
    "pg_attrdef": ("pg_class",),
    "pg_constraint": ("pg_class",),
    "pg_rewrite": ("pg_class",),
    "pg_trigger": ("pg_class",),
    "pg_policy": ("pg_class",),
    "pg_statistic_ext": ("pg_class",),
    "pg_amop": ("pg_opfamily", "pg_opclass"),
    "pg_amproc": ("pg_opfamily", "pg_opclass"),
}


class Edges:
    """The dependencies of one snapshot, resolved to keys."""

    def __init__(self, assembly: Assembly, rows: Iterable[tuple[Any, ...]]) -> None:
        self._assembly = assembly
        self._addresses = assembly.addresses
        names = {oid: name for name, oid in assembly.catalogues.items()}
        self._catalogues = names
        self._class = assembly.catalogues["pg_class"]
        self._rows = list(rows)
        self._owners: dict[Address, Address] = {}
        parts = {assembly.catalogues[name] for name in _PARTS}
        automatic = {
            (assembly.catalogues[part], assembly.catalogues[owner])
            for part, owners in _AUTOMATIC_PARTS.items()
            for owner in owners
        }
        for catalogue, oid, subid, ref_catalogue, ref_oid, ref_subid, kind in self._rows:
            if kind == "n" or catalogue not in parts:
                continue
            inner = kind == "a" and (
                (catalogue, ref_catalogue) in automatic
                or (catalogue == self._class and (ref_catalogue, ref_oid, 0) not in self._addresses)
            )  # the index of a toast table hangs on a table that is itself an inner part
            if inner or kind in {"i", "P", "S"}:
                address = (catalogue, oid, subid)
                if address not in self._owners or kind == "i":
                    self._owners[address] = (ref_catalogue, ref_oid, ref_subid)

    def resolve(self, address: Address) -> Key | None:
        """Return the object that shows what is at *address*, or ``None``."""
        for _ in range(8):
            key = self._addresses.get(address)
            if key is not None:
                return key
            if address[2] and address[0] == self._class:
                key = self._addresses.get((self._class, address[1], 0))
                if key is not None and key.kind != "table":
                    return key
            owner = self._owners.get(address) or self._owners.get((*address[:2], 0))
            if owner is None:
                break
            address = owner
        extension = self._assembly.members.get(address[:2])
        return Key("extension", None, extension) if extension else None

    def by_source(self, role_rows: Iterable[tuple[Any, ...]]) -> Mapping[Key, set[Key]]:
        """Return what each object depends on."""
        found: defaultdict[Key, set[Key]] = defaultdict(set)
        cache: dict[Address, Key | None] = dict(self._addresses)
        get, missing = cache.get, Key("", None, "")
        for catalogue, oid, subid, ref_catalogue, ref_oid, ref_subid, kind in self._rows:
            source_address = (catalogue, oid, subid)
            source = get(source_address, missing)
            if source is missing:
                source = cache[source_address] = self.resolve(source_address)
            if source is None or (kind == "a" and source.kind == "sequence"):
                continue
            target_address = (ref_catalogue, ref_oid, ref_subid)
            target = get(target_address, missing)
            if target is missing:
                target = cache[target_address] = self.resolve(target_address)
            if target is not None and target is not source and target != source:
                found[source].add(target)
        self._attach_roles(found, role_rows)
        return found

    def _attach_roles(self, found: dict[Key, set[Key]], rows: Iterable[tuple[Any, ...]]) -> None:
        roles = self._assembly.catalogues["pg_authid"]
        for catalogue, oid, subid, role in rows:
            target = self._addresses.get((roles, role, 0))
            source = self.resolve((catalogue, oid, subid)) if target else None
            if source is not None and target is not None:
                found[source].add(target)

    def strangers(self) -> list[Address]:
        """Return what depends on something and is shown by no object: a kind not modelled."""
        seen = dict.fromkeys((row[0], row[1], 0) for row in self._rows)
        return [address for address in seen if not self._is_accounted_for(address)]

    def _is_accounted_for(self, address: Address) -> bool:
        for _ in range(8):
            if address in self._addresses or self._assembly.is_part_of_hidden(address):
                return True
            if address[1] < FIRST_USER_OID:
                return True
            owner = self._owners.get(address)
            if owner is None:
                return False
            address = (owner[0], owner[1], 0)
        return False
