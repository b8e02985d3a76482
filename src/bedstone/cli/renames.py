# SPDX-License-Identifier: Apache-2.0
"""Renames on the command line: given, asked for on a terminal, or told as possible."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bedstone.catalog import Catalog
    from bedstone.plan import Candidate, Rename, Renaming
    from bedstone.server import Server

RenameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        help="What TO calls otherwise, as 'column public.person.nm=name': named as FROM does. "
        "Repeatable.",
        metavar="KIND NAME=NEW",
    ),
]


def settle_renames(
    a: Catalog,
    b: Callable[[Catalog], Catalog],
    given: Sequence[Rename],
    server: Server,
    *,
    view: Callable[[Catalog], Catalog],
    ask: bool,
) -> Renaming:
    """Return the sides under the names of *b*; with *ask*, a terminal's user decides the rest.

    Each answer may show more: the columns of a table that was only renamed.
    """
    from bedstone.plan import rename

    known = list(given)
    asked: set[Rename] = set()
    while True:
        found = rename(a, b, known, server, view=view)
        if not (ask and is_answered()):
            return found
        said = list(answers(found.candidates, asked))
        if not said:
            return found
        known += said


def is_answered() -> bool:
    """Whether somebody sees a question and can answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def answers(candidates: Sequence[Candidate], asked: set[Rename]) -> Iterator[Rename]:
    """Ask of each candidate that is not among *asked* whether it is a rename; yield those."""
    taken: set[Rename] = set()
    for candidate in candidates:
        for item in candidate.renames:
            place = item.key._replace(name=item.to)
            if item in asked or any(place == other.key._replace(name=other.to) for other in taken):
                continue
            asked.add(item)
            if _confirmed(f"is {item.to} the new name of {item.key}? [y/N] "):
                taken.add(item)
                yield item
                break


def _confirmed(question: str) -> bool:
    """Ask on standard error; input() and what builds on it write to the script's output."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def tell_candidates(found: Renaming) -> None:
    """Say on standard error what is dropped and made and may be one thing with a new name."""
    if found.untried is not None:
        sys.stderr.write(f"not renamed but dropped and made anew, as {found.untried}\n")
    if is_answered():
        return
    for candidate in found.candidates:
        choices = " or ".join(f"--rename {shlex.quote(str(r))}" for r in candidate.renames)
        sys.stderr.write(f"dropped and made, perhaps only renamed: {candidate.key}: {choices}\n")


def candidates_data(found: Renaming) -> list[dict[str, object]]:
    """Return the candidates as JSON has them."""
    return [
        {"object": str(item.key), "renames": [str(rename) for rename in item.renames]}
        for item in found.candidates
    ]
