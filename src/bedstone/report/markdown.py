# SPDX-License-Identifier: Apache-2.0
"""A verdict as a comment under a pull request."""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING

from bedstone.findings import Severity
from bedstone.prove import Status
from bedstone.report.text import NAMES, conclusion, headline
from bedstone.report.words import markdown, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.findings import Example, Finding
    from bedstone.prove import Verdict

_MARKS = {
    Status.PASSED: "✅",
    Status.FAILED: "❌",
    Status.VACUOUS: "⚪",
    Status.NOT_CHECKED: "❔",
}
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render_markdown(verdict: Verdict) -> str:
    """Return *verdict* as GitHub's Markdown: a table of proofs, then what is new."""
    return "\n".join(_lines(verdict)) + "\n"


def _lines(verdict: Verdict) -> Iterator[str]:
    yield f"### {markdown(headline(verdict))}"
    yield ""
    yield "| | proof | result | checked | seconds |"
    yield "| --- | --- | --- | --- | ---: |"
    for proof in verdict.proofs:
        yield (
            f"| {_MARKS[proof.status]} | {proof.name} | {markdown(proof.summary)} "
            f"| {proof.checked} of {proof.eligible} | {proof.seconds:.1f} |"
        )
    fresh = [finding for finding in verdict.findings if not finding.baseline]
    for severity in Severity:
        of_it = [finding for finding in fresh if finding.severity is severity]
        if of_it:
            yield ""
            yield f"**{len(of_it)} {_WORDS[severity]}{'s' * (len(of_it) != 1)}**"
            yield ""
            for finding in of_it:
                yield from _finding(finding)
    yield ""
    yield markdown(conclusion(verdict).partition("      next:")[0])


def _finding(finding: Finding) -> Iterator[str]:
    yield f"- `{finding.code}` {markdown(finding.message)}"
    for name, text in (
        ("because of", finding.cause),
        ("", finding.detail),
        ("→", finding.hint),
    ):
        if text:
            yield f"  <br>{name} {markdown(text)}".replace("<br> ", "<br>")
    for example in finding.examples:
        yield from _example(example)


def _example(example: Example) -> Iterator[str]:
    """Fold the code away; its fence is longer than any that is in it."""
    ticks = max((len(run) for run in re.findall("`+", example.code)), default=0)
    fence = "`" * max(3, ticks + 1)
    yield f"  <details><summary>safe form in {NAMES[example.language]}</summary>"
    yield ""
    yield f"  {fence}{example.language}"
    yield indent(visible(example.code, lines=True), "  ")
    yield f"  {fence}"
    yield ""
    yield "  </details>"
