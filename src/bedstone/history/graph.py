# SPDX-License-Identifier: Apache-2.0
"""The revisions of all histories of a project, and how they stand on each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bedstone.history.revision import read_revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedstone.history.form import Strand
    from bedstone.history.revision import Revision


class Graph:
    """The revisions by the ids that they have among all histories.

    *unreached* are those that no head of the settings stands on.
    """

    def __init__(self, strands: Sequence[Strand]) -> None:
        names = _names(strands)
        everything = [
            (read_revision(row, history=s.name, names=names[s.name]), bool(row["is_reached"]))
            for s in strands
            for row in s.rows
        ]
        self.revisions = tuple(revision for revision, reached in everything if reached)
        self.unreached = tuple(revision for revision, reached in everything if not reached)
        self.by_id = {revision.id: revision for revision, _ in everything}
        self._id_of = {(r.history, r.number): r.id for r in self.by_id.values()}
        below = {name for r in self.revisions for name in r.down}
        self.heads = tuple(r for r in self.revisions if r.id not in below)
        self.bases = tuple(r for r in self.revisions if not r.down)

    def id_of(self, history: str, number: str) -> str:
        """Return the id of the revision that *history* itself knows as *number*."""
        return self._id_of.get((history, number), number)

    def below(self, revisions: Iterable[str]) -> frozenset[str]:
        """Return *revisions* and all that they stand on."""
        found: set[str] = set()
        waiting = list(revisions)
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.by_id:
                found.add(name)
                waiting += [*self.by_id[name].down, *self.by_id[name].depends_on]
        return frozenset(found)

    def number_below(self, revision: Revision) -> str:
        """Name what is below *revision*; base by its branch where the history has several."""
        if revision.down:
            return self.by_id[revision.down[0]].number
        several = sum(other.history == revision.history for other in self.bases) > 1
        return f"{revision.labels[0]}@base" if several and revision.labels else "base"


def _names(strands: Sequence[Strand]) -> dict[str, dict[str, str]]:
    """Return the id to show for each revision: qualified where two histories have the same."""
    count = Counter(row["id"] for s in strands for row in s.rows)
    return {
        s.name: {
            row["id"]: f"{s.name}:{row['id']}" if count[row["id"]] > 1 else row["id"]
            for row in s.rows
        }
        for s in strands
    }
