# SPDX-License-Identifier: Apache-2.0
"""A verdict for a terminal: a line a proof, the new findings below it, the next command last."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from bedstone.findings import Severity
from bedstone.prove import Status
from bedstone.report.words import visible

if TYPE_CHECKING:
    from typing import TextIO

    from bedstone.findings import Finding
    from bedstone.prove import Proof, Verdict

_MARKS = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.VACUOUS: ("○", "yellow"),
    Status.NOT_CHECKED: ("?", "yellow"),
}
_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_NAME_WIDTH = 12
#: What the language of an example is called.
NAMES = {"sql": "SQL", "python": "Alembic"}
#: Findings shown of one proof without --verbose; the rest is counted.
_SHOWN = 8


def render_text(
    verdict: Verdict, stream: TextIO, *, verbose: bool = False, closing: str | None = None
) -> None:
    """Write *verdict* to *stream*, with colours only where it is a terminal.

    *closing* is the last line, in place of the one that says what it comes to.
    """
    console = Console(file=stream, highlight=False, soft_wrap=True)
    console.print(Text(visible(headline(verdict)), style="bold"))
    for note in verdict.notes:
        console.print(Text(f"  {visible(note, lines=True)}", style="yellow"))
    for proof in verdict.proofs:
        _print_proof(console, proof, verbose=verbose)
    console.print(Text(visible(closing or conclusion(verdict))))


def headline(verdict: Verdict) -> str:
    """Say in one line what was proven, and where."""
    count = f"{verdict.revisions} revision{'s' * (verdict.revisions != 1)}"
    if verdict.new is not None:
        count = f"{verdict.new} new of {count}"
    return f"{verdict.project} · {count} · {verdict.server}"


def conclusion(verdict: Verdict) -> str:
    """Say in one line what it comes to, with exit status, time and the next command."""
    took = f"{verdict.seconds:.1f} s, of which imports {verdict.startup_seconds:.1f} s"
    tail = f"(exit {int(verdict.exit_status)}, {took})"
    total = len(verdict.proofs)
    if verdict.failed:
        first = verdict.failed[0].name
        say = f"{len(verdict.failed)} of {total} claims fail"
        return f"{say} {tail}      next: {verdict.command} --only {first} -v"
    parts: list[str] = []
    for wanted, word in (
        (Status.PASSED, "hold"),
        (Status.VACUOUS, "vacuous"),
        (Status.NOT_CHECKED, "not checked"),
    ):
        number = sum(proof.status is wanted for proof in verdict.proofs)
        if number:
            parts.append(f"{number} {word}" if parts else f"{number} of {total} claims {word}")
    known = sum(finding.baseline for finding in verdict.findings)
    parts += [f"{known} findings are known"] if known else []
    return f"{', '.join(parts) or 'nothing was asked'} {tail}"


def _print_proof(console: Console, proof: Proof, *, verbose: bool) -> None:
    mark, style = _MARKS[proof.status]
    line = Text("  ")
    line.append(f"{mark} ", style)
    line.append(f"{proof.name:<{_NAME_WIDTH}}", "bold")
    line.append(visible(_status_words(proof)))
    line.append(f"{proof.seconds:8.1f} s", "dim")
    console.print(line)
    fresh = [finding for finding in proof.findings if not finding.baseline or verbose]
    for finding in fresh if verbose else fresh[:_SHOWN]:
        _print_finding(console, finding, verbose=verbose)
    if not verbose and len(fresh) > _SHOWN:
        console.print(Text(f"      … and {len(fresh) - _SHOWN} more: -v shows all", style="dim"))
    if verbose:
        for exclusion in proof.excluded:
            line = Text("      not checked: ", style="dim")
            console.print(line.append(visible(f"{exclusion.object}: {exclusion.reason}")))


def _status_words(proof: Proof) -> str:
    if proof.status in {Status.VACUOUS, Status.NOT_CHECKED}:
        return f"{proof.status.value.replace('-', ' ')}: {proof.summary}"
    return proof.summary


def _print_finding(console: Console, finding: Finding, *, verbose: bool) -> None:
    line = Text("      ")
    line.append(f"{finding.code} ", _STYLES[finding.severity])
    line.append(visible(finding.message, lines=True))
    if finding.baseline:
        line.append("  (known)", "dim")
    console.print(line)
    told = [("because of", finding.cause)]
    if verbose:
        told += [("detail", finding.detail), ("hint", finding.hint)]
        told += [(name, _said(value)) for name, value in finding.evidence.items() if value]
    for name, text in told:
        if text:
            console.print(Text(f"             {name}: {visible(text, lines=True)}", style="dim"))
    for example in finding.examples if verbose else ():
        console.print(Text(f"             safe form in {NAMES[example.language]}:", style="dim"))
        console.print(Text(indent(visible(example.code, lines=True), " " * 15)))


def _said(value: object) -> str:
    """Say a piece of evidence in one line; the parts of what has several, one after another."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(part)}" for name, part in value.items() if part)
    if isinstance(value, list | tuple):
        return "; ".join(map(_said, value))
    return str(value)
