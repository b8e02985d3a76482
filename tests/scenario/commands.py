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
    """Run the command and return what it said, with its exit status."""
    return subprocess.run(
        [str(BEDSTONE), *arguments],
        cwd=folder,
        env=os.environ | (env or {}),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def timeless(text: str) -> str:
    """Return *text* with every number of seconds as 0.0, so that two runs can be compared."""
    return re.sub(r" *\d+\.\d+ s\b", " 0.0 s", text)
