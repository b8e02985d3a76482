# SPDX-License-Identifier: Apache-2.0
"""Runs the proofs and adds them up."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from bedstone.errors import ExitStatus, UnknownProof
from bedstone.prove.proof import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedstone.findings import Finding
    from bedstone.prove.evidence import Evidence
    from bedstone.prove.proof import Proof


#: The proof that says why a history cannot be run.
_FIRST = "round-trip"


class _ProofModule(Protocol):
    NAME: str
    ORDER: int

    def check(self, evidence: Evidence) -> Proof: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was proven of one project, with where and how.

    *command* proves the same again; a report adds to it.
    """

    project: str
    server: str
    revisions: int
    new: int | None
    since: str | None
    proofs: tuple[Proof, ...]
    startup_seconds: float
    seconds: float
    notes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    command: str = "bedstone prove …"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of every proof, in order."""
        return tuple(finding for proof in self.proofs for finding in proof.findings)

    @property
    def failed(self) -> tuple[Proof, ...]:
        """The proofs with an error that is not in the baseline."""
        return tuple(proof for proof in self.proofs if proof.status is Status.FAILED)

    @property
    def exit_status(self) -> ExitStatus:
        """Findings before all else; then what the environment kept from being checked."""
        if self.failed:
            return ExitStatus.FINDINGS
        if any(p.status is Status.NOT_CHECKED and p.environment for p in self.proofs):
            return ExitStatus.ENVIRONMENT
        return ExitStatus.DONE


@cache
def _modules() -> tuple[_ProofModule, ...]:
    from bedstone.prove import proofs  # noqa: PLC0415  they import this room

    found = [
        cast("_ProofModule", import_module(f"{proofs.__name__}.{module.name}"))
        for module in iter_modules(proofs.__path__)
    ]
    return tuple(sorted(found, key=lambda module: module.ORDER))


def proof_names() -> tuple[str, ...]:
    """Return the names of all proofs, in the order they are shown."""
    return tuple(module.NAME for module in _modules())


def check_names(names: Iterable[str]) -> None:
    """Raise UnknownProof unless each of *names* is a proof."""
    for name in names:
        if name not in proof_names():
            raise UnknownProof(
                f'there is no proof "{name}"', hint=f"The proofs are {', '.join(proof_names())}."
            )


def prove(
    evidence: Evidence,
    *,
    only: Iterable[str] = (),
    known: frozenset[tuple[str, str, str, str]] = frozenset(),
) -> tuple[Proof, ...]:
    """Execute the proofs named in *only*, or all, and set aside what the baseline knows.

    Where they find that the history does not run, the round trip is added, which says why.

    Raises:
        UnknownProof: there is no proof of such a name.
    """
    check_names(only)
    evidence.only = tuple(only)
    wanted = evidence.only or proof_names()
    old = frozenset(r.id for r in evidence.history.revisions) - (evidence.new or frozenset())
    if evidence.new is None:
        old = frozenset()
    proofs = []
    for module in _modules():
        if module.NAME in wanted:
            start = time.monotonic()
            proof = module.check(evidence)
            proof = replace(proof, seconds=time.monotonic() - start)
            proofs.append(proof.judged(known, old))
    if _FIRST not in wanted and evidence.is_stuck:
        # what was asked for could not be answered: that must not look like a pass
        return (*prove(evidence, only=(_FIRST,), known=known), *proofs)
    return tuple(proofs)
