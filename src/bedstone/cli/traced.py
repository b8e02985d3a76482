# SPDX-License-Identifier: Apache-2.0
"""What a traced command is told of its database, and what is said where it did not listen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.cli.dialects import DIALECTS, LEADING
from bedstone.errors import NothingTraced
from bedstone.probe.delivery import Places, render, without_libpq

if TYPE_CHECKING:
    from bedstone.dsn import ConnectionString


def environment(dsn: ConnectionString, pairs: dict[str, str], folder: Path) -> dict[str, str]:
    """Return our environment with every way to another database replaced by the one to *dsn*."""
    places = Places(tmp=folder, files=folder, root=Path.cwd())
    passed = {name: value for name, value in os.environ.items() if name not in LEADING}
    environ = without_libpq(passed) | dsn.libpq_env() | {"DATABASE_URL": dsn.url()}
    return environ | {name: render(text, dsn, places) for name, text in pairs.items()}


def nothing_traced(program: str, dialect: str | None) -> NothingTraced:
    """Return the error for a command that never came to the scratch database."""
    variable = "ay which variable it reads: bedstone trace --env NAME={url} -- …"
    if dialect:
        hint = f"See that {DIALECTS[dialect].condition}; or s{variable}"
    else:
        stacks = "|".join(list(DIALECTS)[4:9])
        hint = f"S{variable} Or which stack it is of: bedstone trace --dialect {stacks}|… -- …"
    return NothingTraced(
        f"{program} ended well and never connected to the scratch database",
        detail="If it wrote to a database, it was to another: it has its address from elsewhere "
        "than the variables that it was given.",
        hint=hint,
    )


def still_connected(count: int) -> str:
    """Return the note on connections that were open when the command had ended."""
    them = "1 connection was" if count == 1 else f"{count} connections were"
    return (
        f"note: {them} still open when the command had ended, and cut off: what a process that it "
        "left behind did there, or was about to do, may not be in the trace\n"
    )
