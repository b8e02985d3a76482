# SPDX-License-Identifier: Apache-2.0
"""Where the models, the history and the live database do not agree, object by object."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bedstone.catalog import Change, Difference, Meaning, compare, fold
from bedstone.findings import Severity
from bedstone.prove.expressible import is_expressible
from bedstone.prove.modelled import Ruling, table_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bedstone.catalog import Catalog, Key
    from bedstone.prove.modelled import Judged


class Agreement(StrEnum):
    """Which of the three agree on an object."""

    LIVE_ALONE = "models = history ≠ live"
    MODELS_ALONE = "history = live ≠ models"
    HISTORY_ALONE = "models = live ≠ history"
    NONE = "models ≠ history ≠ live"
    #: The models have no word for it, or are not there.
    HISTORY_AND_LIVE = "history ≠ live"
    #: No live database was looked at, or it has not come to this object's state yet.
    MODELS_AND_HISTORY = "models ≠ history"
    MODELS_AND_LIVE = "models ≠ live"


_BY_HAND = "changed by hand in the live database"
_NOT_WRITTEN = "a migration is not written"
#: What most likely happened.
LIKELY = {
    Agreement.LIVE_ALONE: _BY_HAND,
    Agreement.MODELS_ALONE: _NOT_WRITTEN,
    Agreement.HISTORY_ALONE: f"{_BY_HAND} and in the models; {_NOT_WRITTEN}",
    Agreement.NONE: f"{_BY_HAND}, and {_NOT_WRITTEN}",
    Agreement.HISTORY_AND_LIVE: _BY_HAND,
    Agreement.MODELS_AND_HISTORY: _NOT_WRITTEN,
    Agreement.MODELS_AND_LIVE: "the live database is not what the models describe",
}
_EARLY = "a pending revision does the same: bedstone upgrade would meet it"
UNKNOWN = "no model knows it: drop it in a revision, or accept it: bedstone accept"
#: Roles are of a server, not of a database.
_LEFT_OUT = frozenset({"role"})


@dataclass(frozen=True, slots=True)
class Deviation:
    """One object on which the three do not agree.

    *of_live* are the differences history to live, *of_models* those models to history (or to live
    where there is no history). A warning is a question, no error.
    """

    key: Key
    agreement: Agreement
    likely: str
    of_live: tuple[Difference, ...] = ()
    of_models: tuple[Difference, ...] = ()
    severity: Severity = Severity.ERROR

    @property
    def lines(self) -> tuple[str, ...]:
        """What differs, a line for each attribute and pair of sides."""
        match self.agreement:
            case Agreement.HISTORY_ALONE:
                return tuple(_line(d, "models and live", "history") for d in self.of_models)
            case Agreement.MODELS_ALONE:
                return tuple(_line(d, "models", "history and live") for d in self.of_models)
            case Agreement.LIVE_ALONE:
                return tuple(_line(d, "models and history", "live") for d in self.of_live)
        other = "live" if self.agreement is Agreement.MODELS_AND_LIVE else "history"
        return (
            *(_line(d, "history", "live") for d in self.of_live),
            *(_line(d, "models", other) for d in self.of_models),
        )

    @property
    def values(self) -> dict[str, dict[str, Any]]:
        """The values of each attribute on each side, where that is known."""
        found: dict[str, dict[str, Any]] = {}
        other = "live" if self.agreement is Agreement.MODELS_AND_LIVE else "history"
        for a, b, differences in (
            ("history", "live", self.of_live),
            ("models", other, self.of_models),
        ):
            for d in differences:
                if d.attribute is not None:
                    found.setdefault(d.attribute, {}).update({a: d.old, b: d.new})
        for name, sides in found.items():
            if self.agreement is Agreement.LIVE_ALONE:
                sides["models"] = sides["history"]
            elif self.agreement is Agreement.MODELS_ALONE:
                sides["live"] = sides["history"]
            found[name] = {s: sides[s] for s in ("models", "history", "live") if s in sides}
        return found

    @property
    def present(self) -> dict[str, bool] | None:
        """Which sides have the object, where not all do."""
        whole = {d.change for d in (*self.of_live, *self.of_models) if d.attribute is None}
        if not whole:
            return None
        found: dict[str, bool] = {}
        other = "live" if self.agreement is Agreement.MODELS_AND_LIVE else "history"
        for d in self.of_live:
            found |= {"history": d.change is Change.REMOVED, "live": d.change is Change.ADDED}
        for d in self.of_models:
            found |= {"models": d.change is Change.REMOVED, other: d.change is Change.ADDED}
        if self.agreement is Agreement.LIVE_ALONE:
            found["models"] = found["history"]
        elif self.agreement is Agreement.MODELS_ALONE:
            found["live"] = found["history"]
        return {side: found[side] for side in ("models", "history", "live") if side in found}


def _line(difference: Difference, a: str, b: str) -> str:
    if difference.attribute is not None:
        return difference.between(a, b).removeprefix(f"{difference.key}: ")
    has, lacks = (a, b) if difference.change is Change.REMOVED else (b, a)
    return f"is in {has}, not in {lacks}"


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared: *history* is the one at the live database's own revision.

    *judged* is the judgement on models and the history's head (or the live database, where there
    is no history). *pending* is what the revisions change that the live database has not applied,
    *early* what of that is there all the same, *unsettled* what nobody can say of the history at
    its revision.
    """

    history: Catalog
    live: Catalog | None
    models: Catalog | None
    judged: tuple[Judged, ...] = ()
    pending: frozenset[Key] = field(default_factory=frozenset)
    unsettled: frozenset[Key] = field(default_factory=frozenset)
    early: frozenset[Key] = field(default_factory=frozenset)
    has_history: bool = True


def find_deviations(compared: Compared) -> tuple[Deviation, ...]:
    """Return each object on which the sides that were looked at do not agree."""
    by_hand = _groups(compared)
    unwritten = {j.key: j for j in compared.judged}
    keys = sorted(by_hand.keys() | unwritten.keys())
    found = (_deviation(k, by_hand.get(k, ()), unwritten.get(k), compared) for k in keys)
    return tuple(found)


def _groups(compared: Compared) -> Mapping[Key, tuple[Difference, ...]]:
    """Return what differs between history and live, by object; without live nothing does."""
    if compared.live is None:
        return {}
    groups: dict[Key, list[Difference]] = {}
    for item in meaningful(compared.history, compared.live):
        if item.key not in compared.unsettled:
            groups.setdefault(item.key, []).append(item)
    return {key: tuple(group) for key, group in groups.items()}


def meaningful(a: Catalog, b: Catalog) -> Iterable[Difference]:
    """Yield one difference for each cause that weighs something."""
    for item in fold(compare(a, b)):
        if item.cause.meaning is Meaning.MEANINGFUL and item.cause.key.kind not in _LEFT_OUT:
            yield item.cause


def _deviation(
    key: Key, of_live: tuple[Difference, ...], judged: Judged | None, compared: Compared
) -> Deviation:
    of_models = judged.told if judged is not None else ()
    agreement = _agreement(key, of_live, of_models, compared)
    if judged is not None and judged.ruling is Ruling.UNKNOWN and not of_live:
        return Deviation(key, agreement, UNKNOWN, of_live, of_models, Severity.WARNING)
    likely = _EARLY if key in compared.early and of_live else LIKELY[agreement]
    return Deviation(key, agreement, likely, of_live, of_models)


def _agreement(
    key: Key,
    of_live: tuple[Difference, ...],
    of_models: tuple[Difference, ...],
    compared: Compared,
) -> Agreement:
    if not compared.has_history:
        return Agreement.MODELS_AND_LIVE
    if not of_live:
        is_there = compared.live is not None and key not in compared.pending
        return Agreement.MODELS_ALONE if is_there else Agreement.MODELS_AND_HISTORY
    if not of_models:
        # Models are held against the head, and this object is another one there
        is_said = key not in compared.pending and (
            compared.models is not None and _is_said(of_live, compared.models)
        )
        return Agreement.LIVE_ALONE if is_said else Agreement.HISTORY_AND_LIVE
    return Agreement.HISTORY_ALONE if _is_the_same(of_live, of_models) else Agreement.NONE


def _is_said(of_live: Collection[Difference], models: Catalog) -> bool:
    """Whether models have a word for what is different in the live database."""
    for item in of_live:
        table = table_of(item.key)
        if table not in (None, item.key) and table not in models:
            return False
        if item.change is Change.REMOVED and item.key not in models:
            return False
    return all(map(is_expressible, of_live))


def _is_the_same(of_live: Iterable[Difference], of_models: Iterable[Difference]) -> bool:
    """Whether the live database has what the models say."""
    live = {d.attribute: d.new for d in of_live}
    models = {d.attribute: d.old for d in of_models}
    return live == models
