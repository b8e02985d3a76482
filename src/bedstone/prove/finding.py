# SPDX-License-Identifier: Apache-2.0
"""Findings out of differences and failed steps, so that every proof words them alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bedstone.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.catalog import Difference, Key
    from bedstone.history import StepError
    from bedstone.prove.evidence import Differences

#: The last part of the name in ``kind schema.name(arguments) on schema.table``.
_OBJECT = re.compile(
    r"""(?:[a-z]+\s)+                       # the kind
        (?:(?:"(?:[^"]|"")*"|[^\s".(]+)\.)* # what it is in
        ("(?:[^"]|"")*"|[^\s".(]+)          # its own name
        (?:\(.*\))?                         # the types of a function's arguments
        (?:\son\s.*)?$""",
    re.VERBOSE,
)


def step_evidence(error: StepError) -> dict[str, Any]:
    """Return what was seen of a failed step, in JSON values and without bound values."""
    seen: dict[str, Any] = {
        "exception": error.exception,
        "message": error.message,
        "sqlstate": error.sqlstate,
        "statement": error.statement,
        "file": error.file,
        "line": error.line,
    }
    return {name: value for name, value in seen.items() if value is not None}


def worded(error: StepError) -> str:
    """Say a failed step's error in one line, as its own tool would."""
    if error.timed_out:
        return error.message
    return f"{error.exception}: {error.message}" if error.exception else error.message


def by_object(differences: Differences | None) -> Iterator[tuple[Difference, ...]]:
    """Yield the meaningful differences of each object together."""
    if differences is None:
        return
    groups: dict[Key, list[Difference]] = {}
    for difference in differences.meaningful:
        groups.setdefault(difference.key, []).append(difference)
    yield from map(tuple, groups.values())


def sentence(group: tuple[Difference, ...]) -> str:
    """Say the differences of one object in one line, its name only once."""
    first, *others = map(str, group)
    name = f"{group[0].key}: "
    return "; ".join([first, *(text.removeprefix(name) for text in others)])


def differences_evidence(group: tuple[Difference, ...]) -> dict[str, Any]:
    """Return what changed of one object, attribute by attribute, with both values."""
    return {
        "change": group[0].change,
        "attributes": {d.attribute: [d.old, d.new] for d in group if d.attribute},
    }


def cause_of(message: str, candidates: Iterable[Finding], revision: str | None) -> str | None:
    """Cite the finding that a later failure follows from, if its object is named in *message*.

    Of several, one about the same revision goes first, then the latest.
    """
    candidates = tuple(candidates)
    named = [f for f in candidates if f.object and _names(message, f.object)]
    own = [f for f in candidates if f.revision == revision and f.severity is Severity.ERROR]
    for group in ([f for f in named if f.revision == revision], own, named):
        if group:
            return cite(group[-1])
    return None


def cite(finding: Finding) -> str:
    """Name a finding in another one's cause."""
    return " ".join(t for t in (finding.code, finding.revision, finding.object) if t)


def _names(message: str, name: str) -> bool:
    """Whether a server's *message* has the last part of an object's *name*, as a whole word."""
    match = _OBJECT.match(name)
    if match is None:
        return False
    bare = match.group(1)
    if bare.startswith('"'):
        bare = bare[1:-1].replace('""', '"')
    return re.search(rf"(?<![\w$]){re.escape(bare)}(?![\w$])", message) is not None
