# SPDX-License-Identifier: Apache-2.0
"""Writes the revision that is missing between a project's history and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bedstone.catalog import without_managed
from bedstone.claims import LOCK_NAME, Accepted, read_lock, render_lock
from bedstone.dsn import is_url
from bedstone.errors import DestructivePlan, ExitStatus, HeadsAmbiguous, WantedSideMissing
from bedstone.evolve.accept import Acceptance, write_acceptance
from bedstone.evolve.draft import Draft, Planner, make_draft
from bedstone.evolve.janitor import clean_up
from bedstone.evolve.losses import losses_of
from bedstone.evolve.proving import prove_written
from bedstone.evolve.python import DDL_IMPORT, needs_ddl, render_body
from bedstone.evolve.sql import render_file
from bedstone.history import NewRevision, Placement, open_history
from bedstone.plan import Options, rename
from bedstone.prove import Evidence, read_side, server_for, within
from bedstone.prove.evidence import silent, without_versions
from bedstone.prove.ownership import owned_by_nobody, unowned
from bedstone.prove.wanted import history_of, renames_of, want

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bedstone.catalog import Catalog
    from bedstone.evolve.draft import Part
    from bedstone.findings import Finding
    from bedstone.history import History
    from bedstone.history.form import Strand
    from bedstone.history.writing import Language
    from bedstone.plan import Rename
    from bedstone.project import Project
    from bedstone.prove import Verdict
    from bedstone.prove.evidence import Progress
    from bedstone.prove.wanted import Wanted
    from bedstone.server import Scratch, Workspace

    #: Asked whether the losses of a draft may be.
    Consent = Callable[[Draft], bool]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written.

    *to* is a side in place of the models, which tell their renames themselves; *renames* are
    others. With *keep* the files stay whatever the proofs say; with
    *dry_run* nothing is written at all.
    """

    message: str
    to: str | None = None
    renames: tuple[Rename, ...] = ()
    options: Options = field(default_factory=Options)
    place: Placement = field(default_factory=Placement)
    keep: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What came of an order: the draft, the revisions, their files and the proofs of them.

    *accepted* is new in ``bedstone.lock``; *notes* say what the plan leaves as it is, and why.
    """

    draft: Draft
    language: Language
    revisions: tuple[NewRevision, ...] = ()
    ids: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    verdict: Verdict | None = None
    is_kept: bool = False
    accepted: tuple[Accepted, ...] = ()
    notes: tuple[str, ...] = ()
    by_models: bool = True


def write_revision(
    project: Project, order: Order, *, consent: Consent, progress: Progress = silent
) -> Written:
    """Plan from the history to the models, write that as revisions and prove them.

    What was written is taken away again where a proof fails, where this is interrupted, and where
    the process is killed. All runs are on scratch databases.

    Raises:
        WantedSideMissing: the project has no models, and the order names no side.
        DestructivePlan: rows would be lost, and *consent* is not given.
        RevisionNotWritten: the project's Alembic or the disk refuses.
        BedstoneError: the project or a side cannot be used; nothing was written.
    """
    progress("server", 0, 0)
    for alone in (False, True):
        with (
            server_for(project.settings, alone=alone) as server,
            server.workspace(project.name) as workspace,
        ):
            desk = _Desk(project, order, workspace, workspace.scratch("history"), progress)
            written = desk.write(consent, is_last=alone)
            if written is not None:
                return written
    raise AssertionError  # the last one always answers


@dataclass(frozen=True, slots=True)
class _Desk:
    """One order on one workspace."""

    project: Project
    order: Order
    workspace: Workspace
    scratch: Scratch
    progress: Progress

    def write(self, consent: Consent, *, is_last: bool) -> Written | None:
        """Do all of it; ``None`` where it has to be done again on a server where nobody else is."""
        self.progress("the project's imports", 0, 0)
        with open_history(self.project, self.scratch, may_be_empty=True) as history:
            strand = history.writer(self.order.place.history)
            _check_head(history, strand.name, self.order.place)
            evidence = Evidence(
                history,
                self.workspace,
                self.scratch,
                new=frozenset(),
                exclude=self.project.settings.exclude,
                progress=self.progress,
            )
            draft, notes = self._draft(evidence)
            if not draft.parts:
                return Written(draft, strand.language, notes=notes, by_models=self.order.to is None)
            revisions = _revisions(draft, self.order.message, strand.language)
            written = Written(draft, strand.language, revisions, notes=notes)
            if self.order.dry_run:
                return written
            if draft.losses and not consent(draft):
                raise _refusal(draft)
            evidence.ladder.come_to(0)
            self.progress("the files", 0, 0)
            return self._prove(strand, written, is_last=is_last)

    def _draft(self, evidence: Evidence) -> tuple[Draft, tuple[str, ...]]:
        """Plan from the history to the models, or to the side that the order names."""
        server, order = self.workspace.server, self.order
        if order.to is None and not evidence.history.has_models:
            raise WantedSideMissing(
                f"{evidence.history.name} has no models, and nothing else says what is wanted",
                detail="Neither env.py nor the settings name models with a table in them.",
                hint='Name them: models = "package.module:metadata" in bedstone.toml, or give '
                "another side: --to wanted.sql",
            )
        self.progress("the history", 0, 0)
        before, renames = history_of(evidence), order.renames
        notes: list[str] = []
        if order.to is None:
            self.progress("the models", 0, 0)
            accepted = read_lock(self.project.root).keys if self.project.root else frozenset()
            told = renames_of(evidence, before)
            renames = tuple(dict.fromkeys((*renames, *told.renames)))
            found: list[Wanted] = []

            def wish(history: Catalog) -> Catalog:
                found.append(want(evidence, history, accepted))
                return found[-1].catalog

            wanted = rename(before, wish, renames, server).b if renames else wish(before)
            notes += told.notes
            notes += [f"{key} stays: {needs} needs it" for key, needs in found[-1].kept]
            notes += [f"{key} stays as it is: accepted" for key in found[-1].accepted]
        else:
            self.progress(order.to, 0, 0)
            wanted = read_side(order.to, server)
            wanted = without_versions(wanted, evidence.history.version_tables)
            if is_url(order.to):
                wanted, before = owned_by_nobody(wanted), owned_by_nobody(before)
        before, wanted = without_managed(before, wanted), without_managed(wanted, before)
        user, patterns = server.dsn.user, self.project.settings.exclude
        before, wanted = (within(unowned(side, user), (), patterns) for side in (before, wanted))
        draft = make_draft(evidence, before, wanted, Planner(order.options, server, renames))
        notes += [
            f"{item.key} is dropped, and something like it made: perhaps it is only renamed, "
            f"--rename '{item.renames[0]}'"
            for item in draft.candidates
        ]
        return draft, tuple(notes)

    def _prove(self, strand: Strand, asked: Written, *, is_last: bool) -> Written | None:
        """Write the files, prove them, and let them stay if that holds."""
        order, root = self.order, self.project.root
        with clean_up() as janitor:
            numbers = strand.write(self.scratch, asked.revisions, order.place, janitor.journal)
            verdict = prove_written(
                self.project,
                self.workspace,
                self.scratch,
                strand=strand.name,
                numbers=numbers,
                draft=asked.draft,
                by_models=order.to is None,
                progress=self.progress,
            )
            if self.workspace.mixed_roles and not is_last:
                return None
            is_kept = order.keep or verdict.exit_status is ExitStatus.DONE
            accepted = _accept(root, losses_of(asked.draft, numbers)) if root and is_kept else ()
            janitor.is_kept = is_kept
            return replace(
                asked,
                ids=numbers,
                paths=janitor.paths,
                verdict=verdict,
                is_kept=is_kept,
                accepted=accepted,
            )


def _check_head(history: History, strand: str, place: Placement) -> None:
    heads = [r.number for r in history.heads if r.history == strand]
    if len(heads) > 1 and place.head is None:
        raise HeadsAmbiguous(
            f"the history has {len(heads)} heads: {', '.join(heads)}",
            detail="A revision stands on one of them.",
            hint=f"Name it, --head {heads[0]}, or join them first: alembic merge heads",
        )


def _revisions(draft: Draft, message: str, language: Language) -> tuple[NewRevision, ...]:
    """Return the text of each part; where there are several, their messages count them."""
    total = len(draft.parts)
    return tuple(
        _revision(part, f"{message} ({number} of {total})" if total > 1 else message, language)
        for number, part in enumerate(draft.parts, 1)
    )


def _revision(part: Part, message: str, language: Language) -> NewRevision:
    if language == "sql":
        return NewRevision(message, render_file(part.up), render_file(part.down))
    steps = (*part.up, *part.down)
    imports = (DDL_IMPORT,) if any(needs_ddl(step.sql) for step in steps) else ()
    return NewRevision(message, render_body(part.up), render_body(part.down), imports)


def _refusal(draft: Draft) -> DestructivePlan:
    losses = draft.losses
    names = tuple(dict.fromkeys(str(statement.subject) for statement in losses))
    guesses = " ".join(f"--rename '{item.renames[0]}'" for item in draft.candidates)
    return DestructivePlan(
        f"the revision would lose the rows or values of {', '.join(names)}",
        detail="Nothing was written. " + "; ".join(s.sql.splitlines()[0] for s in losses),
        hint="Give --allow-destructive where that is meant"
        + (f", or where it is only a rename: {guesses}" if guesses else ""),
    )


def _accept(root: Path, losses: Sequence[Finding]) -> tuple[Accepted, ...]:
    """Write what is lost into ``bedstone.lock``; nothing is written where nothing is lost."""
    if not losses:
        return ()
    old = read_lock(root)
    new = old.with_findings(losses)
    added = tuple(entry for entry in new.accepted if entry.key not in old.keys)
    write_acceptance(Acceptance(root / LOCK_NAME, render_lock(new), added, ()))
    return added
