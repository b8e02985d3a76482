# SPDX-License-Identifier: Apache-2.0
"""What ``bedstone drift`` found, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.prove import Deviation, Drift


def render_drift(found: Drift, target: str) -> str:
    """Return what was found on *target*, an object after the other, with what to do next."""
    return "".join(f"{line}\n" for line in _lines(found, target))


def render_drift_json(found: Drift) -> str:
    """Return all that was found as JSON."""
    return json.dumps(_data(found), indent=2, default=str) + "\n"


def _lines(found: Drift, target: str) -> Iterator[str]:
    width = max((len(str(item.key)) for item in found.objects), default=0)
    for item in found.objects:
        yield f"{item.key!s:<{width}}  {item.agreement}  {item.likely}"
        yield from (f"    {line}" for line in item.lines)
    yield from _notes(found)
    count = len(found.objects)
    said = f"{count} object{'s' * (count != 1)} drifted" if count else "no drift"
    ignored = f", {found.ignored} ignored" if found.ignored else ""
    by_hand = any(item.of_live for item in found.objects)
    after = f"bedstone drift {target} --repair live" if by_hand else "bedstone plan history models"
    next_step = f"      next: {after}" if count else ""
    yield f"{said}{ignored}{next_step}"


def _notes(found: Drift) -> Iterator[str]:
    yield from (f"note         {note}" for note in found.notes)
    yield from (f"not checked  {what}" for what in found.not_checked)
    yield from (f"amiss        {what}" for what in found.amiss)
    if found.behind:
        names = ", ".join(revision.id for revision in found.behind)
        count = len(found.behind)
        yield f"behind       live has not applied {count} revision{'s' * (count != 1)}: {names}"


def _data(found: Drift) -> dict[str, Any]:
    return {
        "drift": not found.is_clean,
        "objects": [_object(item) for item in found.objects],
        "current": list(found.current),
        "behind": [revision.id for revision in found.behind],
        "unknown": list(found.unknown),
        "amiss": list(found.amiss),
        "ignored": found.ignored,
        "not_checked": list(found.not_checked),
        "notes": list(found.notes),
    }


def _object(item: Deviation) -> dict[str, Any]:
    return {
        "object": str(item.key),
        "kind": item.key.kind,
        "agreement": str(item.agreement),
        "likely": item.likely,
        "severity": str(item.severity),
        "present": item.present,
        "attributes": item.values,
        "differences": list(item.lines),
    }
