# SPDX-License-Identifier: Apache-2.0
"""The schema that the models want: theirs, completed by what models cannot say.

It is the other schema with what is ruled to differ as the models have it. So a plan towards it is
empty exactly where the judgement finds nothing to change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.catalog import Catalog, Change, Key
from bedstone.errors import SideUnusable
from bedstone.prove.expressible import KINDS, is_expressible
from bedstone.prove.families import hand_down
from bedstone.prove.modelled import Judged, Ruling, judge_models
from bedstone.prove.models import build_models
from bedstone.prove.ownership import unowned, with_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bedstone.catalog import Difference, Object
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.modelled import Judgement

#: The codes of the proof's findings, which a project accepts by.
_CODES = {Ruling.DIFFERS: "BED340", Ruling.UNKNOWN: "BED341"}
#: What PostgreSQL drops with a table or column by itself, although it is no part of it.
_GOES_ALONG = frozenset({"publication table", "statistics"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The catalog that the models want of another schema, and what stays against their will.

    *kept* are objects that the models do not have and that something needs which they cannot
    describe, with that. *accepted* are objects whose difference the project has accepted.
    """

    catalog: Catalog
    kept: tuple[tuple[Key, Key], ...] = ()
    accepted: tuple[Key, ...] = ()


def history_and_models(evidence: Evidence) -> tuple[Catalog, Catalog]:
    """Return the catalog of the history's head, and the one that the models want it to be.

    What both made here belongs to nobody.

    Raises:
        SideUnusable: the history does not run to its head, or the models cannot be built.
    """
    history, user = history_of(evidence), evidence.workspace.server.dsn.user
    return unowned(history, user), unowned(want(evidence, history).catalog, user)


def history_of(evidence: Evidence) -> Catalog:
    """Return the catalog of the history's head.

    Raises:
        SideUnusable: a revision fails on the way there.
    """
    head = evidence.head
    if head.catalog is None:
        at = f", at {head.error.revision}" if head.error and head.error.revision else ""
        said = head.error.message if head.error else "no revision says why"
        raise SideUnusable(
            f"the history of {evidence.history.name} does not upgrade{at}: {said}",
            hint="bedstone prove . -v",
        )
    return head.catalog


def want(
    evidence: Evidence, other: Catalog, accepted: Collection[tuple[str, str, str, str]] = ()
) -> Wanted:
    """Return what the project's models want of *other*, a schema of the same project.

    *accepted* are the keys of the findings that the project has accepted: those stay as they are.

    Raises:
        SideUnusable: the project has no models, or they cannot be built.
    """
    judgement = judge_models(evidence, models_of(evidence, other), other)
    return _Wish(judgement, frozenset(accepted)).fulfilled()


def models_of(evidence: Evidence, other: Catalog) -> Catalog:
    """Return what the models' own ``create_all`` makes.

    Where there is no history, beside the extensions and schemas of *other*.

    Raises:
        SideUnusable: the project has no models, or they cannot be built.
    """
    if not evidence.history.has_models:
        raise SideUnusable(
            f"{evidence.history.name} has no models",
            detail="Neither env.py nor the settings name models with a table in them.",
            hint='Name them: models = "package.module:metadata" in bedstone.toml',
        )
    built = evidence.models if evidence.history.revisions else build_models(evidence, other)
    if built.catalog is None:
        error = built.run.error
        raise SideUnusable(
            f"the models cannot be built: {error.message if error else 'nobody says why'}",
            detail="The models' own create_all() is what an empty database would be given.",
            hint="bedstone prove . --only drift -v",
        )
    return built.catalog


def is_drift(judged: Judged) -> bool:
    """Whether models and the other schema do not say the same of an object."""
    return judged.ruling in _CODES


def is_accepted(judged: Judged, accepted: Collection[tuple[str, str, str, str]]) -> bool:
    """Whether the project has accepted the proof's finding on an object."""
    return (_CODES[judged.ruling], "", str(judged.key), "") in accepted


class _Wish:
    """Changes the other schema, object by object, into what the models want."""

    def __init__(
        self, judgement: Judgement, accepted: frozenset[tuple[str, str, str, str]]
    ) -> None:
        self._models = judgement.models
        self._other = judgement.other
        self._judgement = judgement
        self._accepted = accepted
        self._objects: dict[Key, Object] = dict(judgement.other.objects)
        self._kept: dict[Key, Key] = {}

    def fulfilled(self) -> Wanted:
        """Return the other schema with what the models say otherwise as they say it."""
        accepted = []
        for judged in self._judgement.objects:
            if not is_drift(judged):
                continue
            if is_accepted(judged, self._accepted):
                accepted.append(judged.key)
            else:
                self._apply(judged)
        along = self._drop_what_goes_along()
        hand_down(self._objects, self._other.objects, self._models.objects)
        along += self._drop_what_goes_along()
        self._keep_what_is_needed()
        self._restore(along)
        objects = {key: self._closed(item) for key, item in sorted(self._objects.items())}
        catalog = Catalog(objects, self._other.server_version, self._other.unmodelled)
        return Wanted(catalog, tuple(self._kept.items()), tuple(accepted))

    def _apply(self, judged: Judged) -> None:
        changes: dict[Key, list[Difference]] = {}
        for item in (*judged.told, *judged.consequences):
            if item.key in self._judgement.renamed:
                continue
            if item.change is Change.REMOVED:
                self._adopt(item.key)
            elif item.change is Change.ADDED:
                if self._goes(item.key, judged.key):
                    self._objects.pop(item.key, None)
            elif is_expressible(item) and item.attribute is not None:
                changes.setdefault(item.key, []).append(item)
        for key, items in changes.items():
            self._change(key, items)

    def _goes(self, key: Key, cause: Key) -> bool:
        """Whether what only the other schema has goes with *cause*, or for its own sake."""
        return key == cause or key.kind in KINDS or self._other.parent_of(key) == cause

    def _adopt(self, key: Key) -> None:
        """Take an object from the models, with all that it needs."""
        if key in self._objects or key not in self._models.objects:
            return
        item = self._models.objects[key]
        if key.kind == "column":
            item = self._placed(item)
        self._objects[key] = replace(item, depends=self._mapped(item.depends))
        parts = self._parts.get(key, ()) if key not in self._other.objects else ()
        for needed in (*parts, *self._objects[key].depends):
            self._adopt(needed)

    @cached_property
    def _parts(self) -> dict[Key, list[Key]]:
        """What belongs to each of the models' objects."""
        found: dict[Key, list[Key]] = {}
        for key in self._models.objects:
            whole = self._models.parent_of(key)
            if whole is not None:
                found.setdefault(whole, []).append(key)
        return found

    def _placed(self, column: Object) -> Object:
        """Put a new column behind those that its table has in the other schema."""
        key = column.key
        if Key("table", key.schema, key.parent or "") not in self._other.objects:
            return column
        there = (
            item.attributes["position"]
            for k, item in self._objects.items()
            if k.kind == "column" and (k.schema, k.parent) == (key.schema, key.parent)
        )
        last = max((number for number in there if isinstance(number, int)), default=0)
        return with_values(column, {"position": last + 1})

    def _change(self, key: Key, items: Iterable[Difference]) -> None:
        """Give an object that both have what the models say of it."""
        mine, theirs = self._models.objects.get(key), self._objects.get(key)
        if mine is None or theirs is None:
            return
        names = {item.attribute for item in items} & {*mine.attributes}
        if "not_null" in names:
            names |= {"not_null_name", "not_null_validated"}
        values = {name: mine.attributes[name] for name in names if name is not None}
        stays = {k for k in theirs.depends if k.kind not in KINDS or k.kind == "table"}
        depends = self._mapped(mine.depends) | stays
        self._objects[key] = replace(with_values(theirs, values), depends=depends)
        for needed in depends:
            self._adopt(needed)

    def _mapped(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Call by its name in the other schema what has another one in the models."""
        names = self._judgement.renamed
        return frozenset(names.get(k, k) if k in self._models.objects else k for k in keys)

    def _drop_what_goes_along(self) -> list[Key]:
        dropped: list[Key] = []
        while gone := [key for key, item in self._objects.items() if self._loses(item)]:
            for key in gone:
                del self._objects[key]
            dropped += gone
        return dropped

    def _restore(self, along: Iterable[Key]) -> None:
        """Bring back what went along with something that is kept after all."""
        for key in along:
            item = self._other.objects.get(key)
            if item is not None and not self._loses(item):
                self._objects.setdefault(key, item)

    def _loses(self, item: Object) -> bool:
        key = item.key
        if key not in self._other.objects:
            return False
        whole = self._other.parent_of(key)
        if whole is not None and whole not in self._objects:
            return True
        lost = [k for k in item.depends - self._objects.keys() if k in self._other.objects]
        if key.kind == "table":
            return item.attributes["partition_of"] is not None and self._loses_its_place(item)
        if key.kind in {"index", "constraint"}:
            return any(k.kind == "column" and k.parent == key.parent for k in lost)
        return bool(lost) and key.kind in _GOES_ALONG

    def _loses_its_place(self, partition: Object) -> bool:
        """Whether the table above a partition goes, or is to be partitioned otherwise."""
        above = [k for k in partition.depends if k.kind == "table" and k in self._other.objects]
        before = (self._other.objects[k].attributes["partition_by"] for k in above)
        after = (self._objects[k].attributes["partition_by"] if k in self._objects else None
                 for k in above)  # fmt: skip
        return list(before) != list(after)

    def _keep_what_is_needed(self) -> None:
        """Bring back what something needs that models cannot describe, and say so."""
        waiting = list(self._objects.values())
        while waiting:
            item = waiting.pop()
            for needed in sorted(self._needs(item) - self._objects.keys()):
                if needed in self._other.objects and needed not in self._objects:
                    whole = self._other.parent_of(needed)
                    is_gone = whole is not None and whole not in self._objects
                    self._kept[whole if is_gone and whole else needed] = item.key
                    waiting += self._restored(needed)

    def _needs(self, item: Object) -> frozenset[Key]:
        """Return what *item* needs; a foreign key needs the table it names, not its partitions."""
        target = item.attributes.get("references")
        if target is None:
            return item.depends
        wholes = {k: self._other.parent_of(k) for k in item.depends}
        return frozenset(
            k
            for k, whole in wholes.items()
            if whole is None or whole.path == target or whole.name == item.key.parent
        )

    def _closed(self, item: Object) -> Object:
        """Return *item* without needing what is gone: the partitions that a foreign key met."""
        gone = {k for k in item.depends if k in self._other.objects and k not in self._objects}
        return replace(item, depends=item.depends - gone) if gone else item

    def _restored(self, key: Key) -> Iterator[Object]:
        whole = self._other.parent_of(key)
        if whole is not None and whole not in self._objects:
            yield from self._restored(whole)
        if key in self._objects:
            return
        self._objects[key] = self._other.objects[key]
        yield self._objects[key]
        for part, item in self._other.objects.items():
            owner = item.owning_column
            of_it = self._other.parent_of(part) == key or (
                owner is not None and key in {owner, self._other.parent_of(owner)}
            )
            if of_it and part not in self._objects:
                yield from self._restored(part)
