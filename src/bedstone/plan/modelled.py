# SPDX-License-Identifier: Apache-2.0
"""The renames that a project's models tell of, as far as a database still has the old names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bedstone.catalog import Key
from bedstone.errors import RenameUnfounded
from bedstone.plan.hints import Rename, find, is_there, parse_rename

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.catalog import Catalog

#: Where models are that name no schema.
_DEFAULT_SCHEMA = "public"
#: What models call a table or an enum; no two of these have one name.
_WHOLES = ("table", "foreign table", "view", "materialized view", "enum")


class ModelRenames(NamedTuple):
    """The renames that models tell of, and what is to be said of those that are left out."""

    renames: tuple[Rename, ...]
    notes: tuple[str, ...]


def model_renames(described: Iterable[Mapping[str, Any]], a: Catalog) -> ModelRenames:
    """Return what models say was called otherwise in *a*, the side that is to become theirs.

    *described* is the result of ``History.create_models``. A hint stays in the models when its
    work is done: where the old name is gone and the new one is there it says nothing. Where both
    are there it is left out with a note, since nobody can tell whether it was done.
    """
    found = _Found(a)
    told = [hint for metadata in described for hint in metadata.get("renames", ())]
    for hint in (h for h in told if "text" in h):
        found.take_text(str(hint["text"]))
    for hint in (h for h in told if h.get("kind") == "table"):
        found.take_table(hint)
    for hint in (h for h in told if h.get("kind") not in {None, "table"}):
        found.take_part(hint)
    return ModelRenames(tuple(dict.fromkeys(found.renames)), tuple(dict.fromkeys(found.notes)))


class _Found:
    """Gathers renames of one side."""

    def __init__(self, a: Catalog) -> None:
        self._a = a
        self.renames: list[Rename] = []
        self.notes: list[str] = []

    def take(self, key: Key, to: str) -> None:
        """Take a rename in, if the old name is there and the new one is free."""
        old, new = (is_there(k, self._a) for k in (key, key._replace(name=to)))
        if old and not new:
            self.renames.append(Rename(key, to))
        elif old:
            self.notes.append(f"{key} is not renamed as the models say: {to} is there as well")
        elif not new:
            self.notes.append(f"the models say that {key} is now {to}: neither is there")

    def take_table(self, hint: Mapping[str, Any]) -> None:
        """Take in the new name of a table."""
        key = Key("table", self._schema(hint), str(hint["old"]))
        self.take(self._whole(key) or key, str(hint["name"]))

    def take_text(self, text: str) -> None:
        """Take in what is written as on the command line."""
        rename = parse_rename(text)
        try:
            key = find(rename.key, self._a)
        except RenameUnfounded:
            if self._any_kind(rename.key._replace(name=rename.to)) is None:
                self.notes.append(f"the models say {rename}: FROM has neither")
            return
        self.take(key, rename.to)

    def _any_kind(self, key: Key) -> Key | None:
        try:
            return find(key, self._a)
        except RenameUnfounded:
            return None

    def take_part(self, hint: Mapping[str, Any]) -> None:
        """Take in the new name of a column, constraint, index or value."""
        kind, old, new = str(hint["kind"]), str(hint["old"]), hint["name"]
        if new is None:
            self.notes.append(
                f"{kind} {old} of {hint['table']}: the models do not say its new name"
            )
            return
        name = Key("table", self._schema(hint), str(hint["table"]))
        former = (r.key for r in self.renames if r.key._replace(kind="table", name=r.to) == name)
        whole = next(former, None) or self._whole(name)
        if whole is not None:  # else it is made, with all that is in it
            self.take(Key(kind, whole.schema, old, whole.name), str(new))

    def _schema(self, hint: Mapping[str, Any]) -> str:
        name = hint["schema"] or _DEFAULT_SCHEMA
        renamed = (r.key for r in self.renames if r.key.kind == "schema" and r.to == name)
        return next((key.name for key in renamed), str(name))

    def _whole(self, key: Key) -> Key | None:
        keys = (key._replace(kind=kind) for kind in _WHOLES)
        return next((other for other in keys if other in self._a), None)
