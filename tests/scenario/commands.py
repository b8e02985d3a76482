# SPDX-License-Identifier: Apache-2.0
"""Runs bedstone as a user does: the installed command, in a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

BEDSTONE = Path(sys.executable).with_name("bedstone")


def bedstone(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command and return what it said, with its exit status.

    What it said on standard error is printed, so that pytest shows it where a test fails.
    """
    done = subprocess.run(
        [str(BEDSTONE), *arguments],
        cwd=folder,
        env=os.environ | (env or {}),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    print(done.stderr, file=sys.stderr)
    return done


def timeless(text: str) -> str:
    """Return *text* with every number of seconds as 0.0, so that two runs can be compared."""
    return re.sub(r" *\d+\.\d+ s\b", " 0.0 s", text)
