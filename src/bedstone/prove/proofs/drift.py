# SPDX-License-Identifier: Apache-2.0
"""The models and the history give the same schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.catalog import Key
from bedstone.findings import Exclusion, Finding, Severity
from bedstone.prove.expressible import is_expressible
from bedstone.prove.finding import by_object, differences_evidence, step_evidence, worded
from bedstone.prove.names import same_but_for_the_name
from bedstone.prove.obstacle import obstacle_in
from bedstone.prove.proof import Proof, concluded, not_checked

if TYPE_CHECKING:
    from bedstone.catalog import Catalog, Difference
    from bedstone.prove.evidence import Evidence

NAME = "drift"
ORDER = 40

_FILTERED = "env.py's include_name or include_object leaves its table out"


def check(evidence: Evidence) -> Proof:
    """Compare the catalog of the models with that of the history's head."""
    if not evidence.history.has_models:
        return not_checked(NAME, "neither env.py nor the settings name models with a table in them")
    if evidence.origin.error is not None or evidence.chain.head is None:
        return not_checked(NAME, "the history cannot be upgraded to its head")
    models = evidence.models
    if models.catalog is None:
        return _not_built(evidence)
    history = evidence.chain.head
    groups = list(by_object(evidence.differences(models.catalog, history)))
    filtered = _filtered(evidence, groups)
    renamed = same_but_for_the_name(groups)
    judge = _Judge(models.catalog, history, filtered, renamed)
    old = _old(evidence, models.catalog)
    findings, excluded = [], []
    for group in groups:
        verdict = judge.verdict(group)
        if isinstance(verdict, Finding):
            findings.append(replace(verdict, baseline=group in old))
        elif verdict is not None:
            excluded.append(verdict)
    eligible = len(models.catalog.objects.keys() | history.objects.keys())
    drifting = sum(f.severity is Severity.ERROR for f in findings)
    summary = (
        f"{drifting} object{'s' * (drifting != 1)} differ{'s' * (drifting == 1)}"
        if drifting
        else "models and history agree"
    )
    asked = sum(f.severity is Severity.WARNING for f in findings)
    summary += f", {asked} to be asked about" if asked else ""
    left_out = sum(e.reason is _FILTERED for e in excluded)
    summary += f", {left_out} left out by env.py" if left_out else ""
    inexpressible = len(excluded) - left_out
    summary += f", {inexpressible} not modelled" if inexpressible else ""
    return concluded(NAME, summary, eligible=eligible, findings=findings, excluded=excluded)


def _old(evidence: Evidence, models: Catalog) -> frozenset[tuple[Difference, ...]]:
    """Return what the models already differed in before the new revisions.

    Only where the models are those of then: a model that changed without a revision is new drift.
    """
    before = evidence.origin.catalog
    if evidence.new is None or evidence.models_changed or before is None:
        return frozenset()
    return frozenset(by_object(evidence.differences(models, before)))


def _not_built(evidence: Evidence) -> Proof:
    error = evidence.models.run.error
    assert error is not None  # noqa: S101  there is no catalog
    lack = obstacle_in(error)
    if lack is not None:
        return not_checked(NAME, lack.lacks, environment=True)
    finding = Finding(
        "BED342",
        Severity.ERROR,
        f"the models cannot be built: {worded(error)}",
        detail="The models' own create_all() is what an empty database would be given.",
        hint="Mend the model that the statement in the evidence comes from.",
        evidence=step_evidence(error),
    )
    return concluded(NAME, finding.message, eligible=1, findings=[finding])


def _filtered(evidence: Evidence, groups: list[tuple[Difference, ...]]) -> frozenset[Key]:
    """Return the tables that the project's own include_name or include_object leaves out."""
    tables = sorted({_table_of(group[0].key) for group in groups} - {None}, key=str)
    names = [(key.schema, key.name) for key in tables if key is not None]
    if not names:
        return frozenset()
    evidence.ladder.come_to(len(evidence.selected))
    left_out = evidence.history.filtered(evidence.scratch, names)
    return frozenset(Key("table", schema, name) for schema, name in left_out)


def _table_of(key: Key) -> Key | None:
    if key.kind == "table":
        return key
    if key.parent is not None and key.kind in {"column", "constraint", "index"}:
        return Key("table", key.schema, key.parent)
    return None


class _Judge:
    """Says what each difference between models and history is."""

    def __init__(
        self,
        models: Catalog,
        history: Catalog,
        filtered: frozenset[Key],
        renamed: dict[Key, Key],
    ) -> None:
        self._models = models
        self._history = history
        self._filtered = filtered
        self._renamed = renamed

    def verdict(self, group: tuple[Difference, ...]) -> Finding | Exclusion | None:
        """Return the finding or the exclusion that the differences of one object amount to."""
        key, change = group[0].key, group[0].change
        name = str(key)
        table = _table_of(key)
        if table is not None and table in self._filtered:
            return Exclusion(name, _FILTERED)
        told = tuple(d for d in group if is_expressible(d))
        if told and all(map(self._is_own_sequence, told)):
            return self._other_sequence(told[0])
        if not told:
            parts = ", ".join((d.attribute or "").replace("_", " ") for d in group if d.attribute)
            return Exclusion(name, f"not modelled: plain models have no word for {parts or 'it'}")
        if key in self._renamed:
            return self._other_name(key) if change == "removed" else None
        if change == "added" and key.kind in {"table", "enum", "domain", "sequence"}:
            return self._unknown(key)
        return Finding(
            "BED340",
            Severity.ERROR,
            _words(told),
            object=name,
            detail="A database made by the migrations is not the one that the models describe.",
            hint="Write the revision that is missing, or mend the model.",
            evidence={"models": "old", "history": "new"} | differences_evidence(told),
        )

    def _is_own_sequence(self, difference: Difference) -> bool:
        """Whether both sides take a column's default from the sequence that it owns itself."""
        key = difference.key
        if key.kind != "column" or difference.attribute != "default":
            return False
        sides = ((self._models, difference.old), (self._history, difference.new))
        return all(
            any(
                f"nextval('{item.key.path}'::regclass)" == default
                for item in catalog.of_kind("sequence")
                if item.attributes["owned_by"] == (key.schema, key.parent, key.name)
            )
            for catalog, default in sides
        )

    def _other_sequence(self, difference: Difference) -> Finding:
        return Finding(
            "BED343",
            Severity.NOTE,
            f"{difference.key} is the same in models and history but for its sequence's name",
            object=str(difference.key),
            hint="Nothing, unless code names the sequence.",
            evidence={"models": difference.old, "history": difference.new},
        )

    def _unknown(self, key: Key) -> Finding | Exclusion:
        if self._history.objects[key].attributes.get("partition_of"):
            return Exclusion(str(key), "not modelled: a partition")
        return Finding(
            "BED341",
            Severity.WARNING,
            f"{key} is made by a migration and no model that env.py imports knows it: is that "
            "meant?",
            object=str(key),
            detail="Perhaps env.py imports only a part of the models.",
            hint="Import its model in env.py, drop it in a revision, or accept it: bedstone accept",
            evidence={"change": "added"},
        )

    def _other_name(self, key: Key) -> Finding:
        other = self._renamed[key]
        return Finding(
            "BED343",
            Severity.NOTE,
            f"{key} is the same in models and history but for its name: history calls it "
            f"{other.name}",
            object=str(key),
            hint="A naming_convention on the metadata keeps names equal.",
            evidence={"models": key.name, "history": other.name},
        )


def _words(group: tuple[Difference, ...]) -> str:
    key, change = group[0].key, group[0].change
    if change == "removed":
        return f"{key} is in the models and in no migration"
    if change == "added":
        return f"{key} is made by a migration and is not in the models"
    said = [difference.between("the models", "the history") for difference in group]
    return "; ".join([said[0], *(text.removeprefix(f"{key}: ") for text in said[1:])])
