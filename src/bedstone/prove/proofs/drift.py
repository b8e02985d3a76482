# SPDX-License-Identifier: Apache-2.0
"""The models and the history give the same schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.findings import Exclusion, Finding, Severity
from bedstone.prove.finding import by_object, differences_evidence, step_evidence, worded
from bedstone.prove.modelled import Ruling, judge_models
from bedstone.prove.obstacle import obstacle_in
from bedstone.prove.proof import Proof, concluded, not_checked

if TYPE_CHECKING:
    from bedstone.catalog import Catalog, Difference, Key
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.modelled import Judged, Judgement

NAME = "drift"
ORDER = 40

_FILTERED = "env.py's include_name or include_object leaves its table out"


def check(evidence: Evidence) -> Proof:
    """Compare the catalog of the models with that of the history's head."""
    if not evidence.history.has_models:
        return not_checked(NAME, "neither env.py nor the settings name models with a table in them")
    history = evidence.head.catalog
    if history is None:
        return not_checked(NAME, "the history cannot be upgraded to its head")
    models = evidence.models
    if models.catalog is None:
        return _not_built(evidence)
    judgement = judge_models(evidence, models.catalog, history)
    old = _old(evidence, models.catalog)
    findings, excluded = [], []
    for judged in judgement.objects:
        verdict = _verdict(judged, judgement)
        if isinstance(verdict, Finding):
            findings.append(replace(verdict, baseline=judged.differences in old))
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


def _verdict(judged: Judged, judgement: Judgement) -> Finding | Exclusion | None:
    """Word what the differences of one object amount to."""
    match judged.ruling:
        case Ruling.FILTERED | Ruling.NOT_MODELLED | Ruling.PARTITION:
            return Exclusion(str(judged.key), _reason(judged))
        case Ruling.UNKNOWN:
            return _unknown(judged.key)
        case Ruling.OTHER_NAME:
            return _other_name(judged.key, judgement.renamed[judged.key])
        case Ruling.OTHER_SEQUENCE:
            return _other_sequence(judged.told[0])
        case Ruling.DIFFERS:
            return _differs(judged)
        case Ruling.SAID:
            return None


def _reason(judged: Judged) -> str:
    if judged.ruling is Ruling.FILTERED:
        return _FILTERED
    if judged.ruling is Ruling.PARTITION:
        return "not modelled: a partition"
    names = ((d.attribute or "").replace("_", " ") for d in judged.differences)
    return f"not modelled: plain models have no word for {', '.join(filter(None, names)) or 'it'}"


def _differs(judged: Judged) -> Finding:
    return Finding(
        "BED340",
        Severity.ERROR,
        _words(judged.told),
        object=str(judged.key),
        detail="A database made by the migrations is not the one that the models describe.",
        hint="Write the revision that is missing, or mend the model.",
        evidence={"models": "old", "history": "new"} | differences_evidence(judged.told),
    )


def _other_sequence(difference: Difference) -> Finding:
    return Finding(
        "BED343",
        Severity.NOTE,
        f"{difference.key} is the same in models and history but for its sequence's name",
        object=str(difference.key),
        hint="Nothing, unless code names the sequence.",
        evidence={"models": difference.old, "history": difference.new},
    )


def _unknown(key: Key) -> Finding:
    return Finding(
        "BED341",
        Severity.WARNING,
        f"{key} is made by a migration and no model that env.py imports knows it: is that meant?",
        object=str(key),
        detail="Perhaps env.py imports only a part of the models.",
        hint="Import its model in env.py, drop it in a revision, or accept it: bedstone accept",
        evidence={"change": "added"},
    )


def _other_name(key: Key, other: Key) -> Finding:
    return Finding(
        "BED343",
        Severity.NOTE,
        f"{key} is the same in models and history but for its name: history calls it {other.name}",
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
