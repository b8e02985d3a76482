# SPDX-License-Identifier: Apache-2.0
"""What each difference between the models and another schema is: the one judgement on it.

The proof ``drift`` words it, and a plan towards the models changes what is ruled to differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bedstone.catalog import Difference, Key, Meaning, compare, fold, is_named
from bedstone.prove.expressible import is_expressible
from bedstone.prove.names import same_but_for_the_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedstone.catalog import Catalog
    from bedstone.prove.evidence import Evidence

#: Kinds of which the models may know only a part: env.py often imports some of the modules only.
_ASKED_ABOUT = frozenset({"table", "enum", "domain", "sequence"})


class Ruling(StrEnum):
    """What the differences of one object amount to."""

    DIFFERS = "differs"
    #: A migration made it, and no model knows it.
    UNKNOWN = "unknown to the models"
    OTHER_NAME = "other name"
    #: The second half of a pair of names, which is said with the first.
    SAID = "said already"
    OTHER_SEQUENCE = "other sequence"
    FILTERED = "left out by env.py"
    NOT_MODELLED = "not modelled"
    PARTITION = "a partition"


@dataclass(frozen=True, slots=True)
class Judged:
    """The differences of one object, models to other, and what they are.

    *told* are those that models could have said, *consequences* follow from this object's.
    """

    differences: tuple[Difference, ...]
    ruling: Ruling
    told: tuple[Difference, ...] = ()
    consequences: tuple[Difference, ...] = ()

    @property
    def key(self) -> Key:
        """The object."""
        return self.differences[0].key


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that the models and another schema differ in, judged object by object.

    *renamed* pairs what has another name in *other* and is else the same, both ways round.
    """

    models: Catalog
    other: Catalog
    objects: tuple[Judged, ...]
    renamed: Mapping[Key, Key]


def judge_models(evidence: Evidence, models: Catalog, other: Catalog) -> Judgement:
    """Judge what *models* and *other*, a schema of the same project, differ in.

    The project's own filters are asked about tables, on the scratch database at the head.
    """
    folds = [
        item
        for item in fold(compare(models, other))
        if item.cause.meaning is Meaning.MEANINGFUL
        and not is_named(item.cause.key, evidence.exclude)
    ]
    groups: dict[Key, list[Difference]] = {}
    followers: dict[Key, list[Difference]] = {}
    for item in folds:
        groups.setdefault(item.cause.key, []).append(item.cause)
        followers.setdefault(item.cause.key, []).extend(item.consequences)
    filtered = _filtered(evidence, groups)
    renamed = same_but_for_the_name([tuple(group) for group in groups.values()])
    judge = _Judge(models, other, filtered, renamed)
    found = tuple(
        judge.judged(tuple(group), tuple(followers[key])) for key, group in groups.items()
    )
    return Judgement(models, other, found, renamed | judge.sequences)


def table_of(key: Key) -> Key | None:
    """Return the table that *key* is or is a part of."""
    if key.kind == "table":
        return key
    if key.parent is not None and key.kind in {"column", "constraint", "index"}:
        return Key("table", key.schema, key.parent)
    return None


def _filtered(evidence: Evidence, keys: Iterable[Key]) -> frozenset[Key]:
    """Return the tables that the project's own include_name or include_object leaves out."""
    tables = sorted({table for key in keys if (table := table_of(key)) is not None}, key=str)
    names = [(key.schema, key.name) for key in tables]
    if not names:
        return frozenset()
    evidence.ladder.come_to(len(evidence.selected))
    left_out = evidence.history.filtered(evidence.scratch, names)
    return frozenset(Key("table", schema, name) for schema, name in left_out)


class _Judge:
    def __init__(
        self,
        models: Catalog,
        other: Catalog,
        filtered: frozenset[Key],
        renamed: Mapping[Key, Key],
    ) -> None:
        self._models = models
        self._other = other
        self._filtered = filtered
        self._renamed = renamed
        #: The sequences that columns own here and there, by other names, both ways round.
        self.sequences: dict[Key, Key] = {}

    def judged(self, group: tuple[Difference, ...], consequences: tuple[Difference, ...]) -> Judged:
        """Judge the differences of one object."""
        told = tuple(d for d in group if is_expressible(d))
        apart = tuple(d for d in told if not self._is_own_sequence(d))
        return Judged(group, self._ruling(group, told, apart), apart or told, consequences)

    def _ruling(
        self,
        group: tuple[Difference, ...],
        told: tuple[Difference, ...],
        apart: tuple[Difference, ...],
    ) -> Ruling:
        key, change = group[0].key, group[0].change
        if table_of(key) in self._filtered:
            return Ruling.FILTERED
        if not told:
            return Ruling.NOT_MODELLED
        if not apart:
            return Ruling.OTHER_SEQUENCE
        if key in self._renamed:
            return Ruling.OTHER_NAME if change == "removed" else Ruling.SAID
        if change == "added" and key.kind in _ASKED_ABOUT:
            is_partition = self._other.objects[key].attributes.get("partition_of")
            return Ruling.PARTITION if is_partition else Ruling.UNKNOWN
        return Ruling.DIFFERS

    def _is_own_sequence(self, difference: Difference) -> bool:
        """Whether both sides take a column's default from the sequence that it owns itself."""
        key = difference.key
        if key.kind != "column" or difference.attribute != "default":
            return False
        mine = self._owned(self._models, key, difference.old)
        theirs = self._owned(self._other, key, difference.new)
        if mine is None or theirs is None:
            return False
        self.sequences |= {mine: theirs, theirs: mine}
        return True

    @staticmethod
    def _owned(catalog: Catalog, column: Key, default: object) -> Key | None:
        """Return the sequence that *column* owns where its default is taken from it."""
        for item in catalog.of_kind("sequence"):
            if f"nextval('{item.key.path}'::regclass)" == default:
                return item.key if item.owning_column == column else None
        return None
