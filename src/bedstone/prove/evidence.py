# SPDX-License-Identifier: Apache-2.0
"""What running a history showed. Proofs read it; each part is executed when first asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bedstone.catalog import Meaning, compare, fold, is_named, read_catalog
from bedstone.prove.chain import Chain, run_chain
from bedstone.prove.ladder import Ladder
from bedstone.prove.locks import Climbed, climb_traced
from bedstone.prove.models import ModelsBuilt, build_models
from bedstone.prove.observer import Dump, parse_dump
from bedstone.prove.origin import Origin, prepare_origin
from bedstone.prove.rows import RowsTried, climb_with_rows
from bedstone.prove.stairs import Stairs, climb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bedstone.catalog import Catalog, Difference, Key
    from bedstone.history import History, Revision, StepError
    from bedstone.server import Scratch, Template, Workspace

    #: Told what is being done, how many steps are done and how many there are.
    Progress = Callable[[str, int, int], None]


def silent(_label: str, _done: int, _total: int) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Head:
    """The state that the selected revisions lead to, or why it could not be reached."""

    catalog: Catalog | None = None
    error: StepError | None = None


@dataclass
class Evidence:
    """One history on one workspace, and what its runs showed.

    *scratch* is the database whose address the project's process knows.

    *new* holds the ids of the revisions to prove; the others are run once, in one go, to get to
    the state that the new ones start from. ``None`` proves them all. *models_changed* says that the
    models may differ from those before the new revisions. *only* are the proofs that were asked
    for by name. *unmodelled* gathers what the server
    holds and no catalog can, so that it is said.
    """

    history: History
    workspace: Workspace
    scratch: Scratch
    new: frozenset[str] | None = None
    models_changed: bool = True
    exclude: tuple[str, ...] = ()
    small_tables: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    progress: Progress = field(default=silent)
    unmodelled: set[str] = field(default_factory=set)

    @cached_property
    def chosen(self) -> tuple[Revision, ...]:
        """The revisions to prove, and those that stand on them, in the order they are applied."""
        if self.new is None:
            return self.history.revisions
        chosen: set[str] = set(self.new)
        for revision in self.history.revisions:
            if chosen & {*revision.down, *revision.depends_on}:
                chosen.add(revision.id)
        return tuple(r for r in self.history.revisions if r.id in chosen)

    @cached_property
    def selected(self) -> tuple[Revision, ...]:
        """The chosen revisions, but for those that a bootstrap stands for."""
        skipped = {exclusion.object for exclusion in self.origin.skipped}
        return tuple(r for r in self.chosen if r.id not in skipped)

    @cached_property
    def before(self) -> tuple[Revision, ...]:
        """The revisions that the chosen ones start from."""
        chosen = {r.id for r in self.chosen}
        return tuple(r for r in self.history.revisions if r.id not in chosen)

    @cached_property
    def origin(self) -> Origin:
        """The state that the selected revisions start from."""
        return prepare_origin(self)

    @cached_property
    def chain(self) -> Chain:
        """All selected revisions in one run: up, down, up."""
        return run_chain(self)

    @cached_property
    def head(self) -> Head:
        """The state at the head: what the chain has seen, or one run up."""
        if self.origin.error is not None:
            return Head(error=self.origin.error)
        if "chain" in vars(self):
            return Head(self.chain.head, self.chain.up.error)
        run = self.ladder.come_to(len(self.selected))
        return Head(self.read() if run.ok else None, run.error)

    @cached_property
    def stairs(self) -> Stairs:
        """Each selected revision alone, in a process of its own: up, down, up."""
        return climb(self)

    @cached_property
    def with_rows(self) -> tuple[RowsTried, ...]:
        """The way up with rows in the tables whose columns a revision changes."""
        return climb_with_rows(self)

    @cached_property
    def climbed(self) -> Climbed:
        """The way up once more, seen on the wire."""
        return climb_traced(self)

    @property
    def is_stuck(self) -> bool:
        """Whether one of the runs so far could not bring the history to its head."""
        ran = vars(self)
        if "origin" in ran and self.origin.error is not None:
            return True
        if "chain" in ran and not self.chain.up.ok:
            return True
        if "head" in ran and self.head.catalog is None:
            return True
        if "climbed" in ran and self.climbed.excluded:
            return True
        return "stairs" in ran and self.stairs.head is None

    @cached_property
    def ladder(self) -> Ladder:
        """The way to any state, from a fresh copy."""
        return Ladder(self)

    @cached_property
    def models(self) -> ModelsBuilt:
        """What the project's models amount to, made by the project's own SQLAlchemy."""
        return build_models(self)

    def read(self) -> Catalog:
        """Read the catalog of the scratch database, without the tables that hold the version."""
        with self.scratch.connect(autocommit=True) as connection:
            catalog = read_catalog(connection, known_roles=self.workspace.known_roles)
        self.workspace.watch_roles()
        self.unmodelled.update(map(str, catalog.unmodelled))
        return without_versions(catalog, self.history.version_tables)

    def observe(self) -> tuple[Catalog, Dump | None]:
        """Read the catalog and, at the same time, ask ``pg_dump``."""
        with ThreadPoolExecutor(max_workers=1) as other:
            dump = other.submit(self.dump)
            return self.read(), dump.result()

    def dump(self) -> Dump | None:
        """Return what ``pg_dump`` sees, or ``None`` where it is out of reach."""
        text = self.scratch.dump()
        if text is None:
            return None
        tables = [(schema or "public", name) for schema, name in self.history.version_tables]
        return parse_dump(text, without=tables)

    def differences(self, a: Catalog, b: Catalog) -> Differences:
        """Compare two catalogs, one difference for each cause."""
        return Differences.between(a, b, excluded=self.exclude)

    def at(self, template: Template | None) -> Scratch:
        """Bring the scratch database to the state of *template* and return it."""
        self.scratch.reset(template)
        return self.scratch


def without_versions(catalog: Catalog, tables: Iterable[tuple[str | None, str]]) -> Catalog:
    """Return *catalog* less the tables that hold a history's version."""
    names = {(schema or "public", name) for schema, name in tables}
    return catalog.without(lambda key: key.kind == "table" and (key.schema, key.name) in names)


@dataclass(frozen=True, slots=True)
class Differences:
    """What two catalogs differ in, by weight."""

    meaningful: tuple[Difference, ...]
    cosmetic: tuple[Difference, ...]

    @classmethod
    def between(cls, a: Catalog, b: Catalog, *, excluded: Iterable[str] = ()) -> Differences:
        """Compare *a* with *b*, leaving out the objects that match a pattern in *excluded*."""
        if a.fingerprint == b.fingerprint and a == b:
            return cls((), ())
        patterns = tuple(excluded)
        found = [
            item.cause for item in fold(compare(a, b)) if not is_named(item.cause.key, patterns)
        ]
        return cls(
            tuple(d for d in found if d.meaning is Meaning.MEANINGFUL),
            tuple(d for d in found if d.meaning is Meaning.COSMETIC),
        )

    def without(self, keys: frozenset[Key]) -> Differences:
        """Return them less those of the objects *keys*."""
        if not keys:
            return self
        return Differences(
            tuple(d for d in self.meaningful if d.key not in keys),
            tuple(d for d in self.cosmetic if d.key not in keys),
        )
