# SPDX-License-Identifier: Apache-2.0
"""What a difference between two catalogs is, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bedstone.catalog.kinds import Meaning

if TYPE_CHECKING:
    from bedstone.catalog.model import Attributes, Key, Value

__all__ = ["Change", "Difference", "Fold", "Meaning"]

_LONGEST = 60
#: Of what two long values begin with alike, so much is shown.
_BEFORE = 20
#: Attributes that end in s and are one thing all the same.
_ONE = ("ss", "alias", "nulls", "references", "statistics")


class Change(StrEnum):
    """What happened to an object on the way from the one catalog to the other."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: an object that only one side has, or one attribute that is not the same.

    *old* and *new* are the values of *attribute*, or the attributes of an object as a whole.
    *cause* is the object whose own difference this one follows from: the table that a removed
    column went with. *meaning* is cosmetic where nothing a client can meet is different.
    """

    change: Change
    key: Key
    attribute: str | None = None
    old: Value | Attributes = None
    new: Value | Attributes = None
    meaning: Meaning = Meaning.MEANINGFUL
    cause: Key | None = None

    def __str__(self) -> str:
        if self.attribute is None:
            return f"{self.key}: {self.change}"
        name, old, new = self._values()
        return f"{self.key}: {name} {old} → {new}"

    def between(self, a: str, b: str) -> str:
        """Say the difference with the names of the two sides."""
        name, old, new = self._values()
        several = name.endswith("s") and not name.endswith(_ONE)
        verb = "are" if several else "is"
        return f"{self.key}: {name} {verb} {old} in {a}, {new} in {b}"

    def _values(self) -> tuple[str, str, str]:
        old, new = _only_what_differs(self.old, self.new)
        return (self.attribute or "").replace("_", " "), *_shortened(_said(old), _said(new))

    @property
    def sort_key(self) -> tuple[str, ...]:
        """The order in which differences are shown."""
        return (*self.key.sort_key, self.change, self.attribute or "")


@dataclass(frozen=True, slots=True)
class Fold:
    """Differences with one cause: the one to show, and those that follow from it."""

    cause: Difference
    consequences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        count = len(self.consequences)
        more = f" (with {count} more that follow from it)" if count else ""
        return f"{self.cause}{more}"


def _only_what_differs(
    old: Value | Attributes, new: Value | Attributes
) -> tuple[Value | Attributes, Value | Attributes]:
    """Leave out what two lists of privileges or options have in common."""
    if not (isinstance(old, tuple) and isinstance(new, tuple)):
        return old, new
    if not all(isinstance(item, tuple) for item in (*old, *new)):
        return old, new
    if sorted(map(repr, old)) == sorted(map(repr, new)):
        return old, new
    return tuple(v for v in old if v not in new), tuple(v for v in new if v not in old)


def _said(value: Value | Attributes) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        text = ", ".join(_part(item) for item in value)
    else:
        text = " ".join(str(value).split())
    return text


def _shortened(old: str, new: str) -> tuple[str, str]:
    """Cut two long texts so that what differs between them stays."""
    if max(len(old), len(new)) <= _LONGEST:
        return old, new
    pairs = enumerate(zip(old, new, strict=False))
    alike = next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))
    start = alike - _BEFORE
    if start > 0:
        start = old.rfind(" ", 0, start) + 1 or start
        old, new = (f"…{text[start:]}" for text in (old, new))
    old, new = (t if len(t) <= _LONGEST else f"{t[: _LONGEST - 1]}…" for t in (old, new))
    return old, new


def _part(value: Value) -> str:
    if isinstance(value, tuple):
        return " ".join(_part(item) for item in value if item is not None and item is not False)
    return "yes" if value is True else str(value)
