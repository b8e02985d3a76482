# SPDX-License-Identifier: Apache-2.0
"""The graph of revisions, and the files that it is made of."""

from __future__ import annotations

import importlib
import importlib.util
import os
import warnings

from .surroundings import read_text
from .trouble import ProjectError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class RevisionFiles:
    """Which file each revision came from, and which one is being loaded."""

    def __init__(self) -> None:
        self.loading: str | None = None
        self.seen: dict[str, list[str]] = {}

    def install(self) -> None:
        """Learn which file a revision that cannot be loaded is in, and find duplicates."""
        cls = importlib.import_module("alembic.script.base").Script
        original = cls._from_path.__func__ if hasattr(cls, "_from_path") else None
        older = cls._from_filename.__func__ if hasattr(cls, "_from_filename") else None

        def watch(load: Any) -> Any:
            def watched(klass: Any, scriptdir: Any, *where: Any) -> Any:
                path = os.path.join(*(str(part) for part in where))
                self.loading = path
                script = load(klass, scriptdir, *where)
                self.loading = None
                if script is not None:
                    self.seen.setdefault(str(script.revision), []).append(path)
                return script

            return classmethod(watched)

        if original is not None:
            cls._from_path = watch(original)
        elif older is not None:
            cls._from_filename = watch(older)

    def referrers(self, missing: str) -> list[str]:
        """Return the files that name the revision *missing*."""
        found = []
        for paths in self.seen.values():
            found += [path for path in paths if missing in read_text(path)]
        return sorted(found)


def read_graph(script: Any, targets: Sequence[str], files: RevisionFiles) -> list[dict[str, Any]]:
    """Return every revision; those that *targets* lead to first, in the order they run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            revision_map = script.revision_map
            everything = revision_map._revision_map
        except KeyError as error:
            raise ProjectError(
                "missing-revision",
                "revision %s is named by another but is not there" % error,
                revision=str(error).strip("'\""),
                referrers=files.referrers(str(error).strip("'\"")),
            ) from error
    for revision, paths in sorted(files.seen.items()):
        different = sorted(set(map(os.path.realpath, paths)))
        if len(different) > 1:
            raise ProjectError(
                "duplicate-revision",
                "revision %s is there more than once" % revision,
                revision=revision,
                paths=different,
            )
    chosen: list[Any] = []
    for target in targets:
        applied = tuple(script.revision for script in tops_of(chosen))
        with script._catch_revision_errors():
            found = list(script.iterate_revisions(target, applied, implicit_base=True))
        chosen += [script for script in reversed(found) if script not in chosen]
    rest = [
        s
        for key, s in everything.items()
        if s is not None and key == s.revision and s not in chosen
    ]
    graph = [describe_revision(s, is_reached=True) for s in chosen]
    return graph + [describe_revision(s, is_reached=False) for s in rest]


def tops_of(chosen: Sequence[Any]) -> list[Any]:
    """Return those that no other of *chosen* stands on."""
    below = {down for script in chosen for down in script._all_down_revisions}
    return [script for script in chosen if script.revision not in below]


def describe_revision(script: Any, *, is_reached: bool) -> dict[str, Any]:
    """Return a revision as the client reads it."""
    own_labels = getattr(script.module, "branch_labels", None) or ()
    return {
        "id": script.revision,
        "down": list(script._versioned_down_revisions),
        "depends_on": list(script._resolved_dependencies),
        "labels": [own_labels] if isinstance(own_labels, str) else sorted(own_labels),
        "message": script.doc,
        "path": str(script.path),
        "is_head": bool(script.is_head),
        "is_reached": is_reached,
    }
