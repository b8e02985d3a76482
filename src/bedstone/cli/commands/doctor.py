# SPDX-License-Identifier: Apache-2.0
"""``bedstone doctor``."""

from __future__ import annotations

import json as json_module
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.cli.options import Json, Server, Target

if TYPE_CHECKING:
    from bedstone.doctor import Check

EXAMPLES = "Examples:  bedstone doctor    bedstone doctor . --json"

_MARKS = {"well": "✓", "lacking": "!", "ill": "✗"}


def run(target: Target = ".", *, server: Server = None, json: Json = False) -> None:
    """Say what is wrong with this machine, server or project, and the line that mends it.

    Exit status 3 where bedstone cannot work; what merely lacks is said and does not fail.
    """
    from bedstone.doctor import Patient, State, examine
    from bedstone.errors import ExitStatus
    from bedstone.settings import read_settings

    folder = Path.cwd() / target
    settings = read_settings(
        folder if folder.is_dir() else Path.cwd(), overrides={"server": server}
    )
    checks: list[Check] = []
    for check in examine(Patient(target, Path.cwd(), settings)):
        checks.append(check)
        if not json:
            sys.stdout.write(f"{_MARKS[check.state]} {check.name:<11} {check.found}\n")
            if check.mend:
                sys.stdout.write(f"              → {check.mend}\n")
            sys.stdout.flush()
    if json:
        sys.stdout.write(json_module.dumps([asdict(c) for c in checks], indent=2) + "\n")
    ill = any(check.state is State.ILL for check in checks)
    if not json:
        last = "mend what is marked ✗ first" if ill else f"next: bedstone prove {target}"
        sys.stdout.write(last + "\n")
    sys.exit(ExitStatus.ENVIRONMENT if ill else ExitStatus.DONE)
