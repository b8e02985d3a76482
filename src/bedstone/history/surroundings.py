# SPDX-License-Identifier: Apache-2.0
"""What the processes of a project are given: the address in each of its forms, and a guard."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from bedstone.history.folder import PrivateFolder
from bedstone.probe import SHORTEST_SECRET, Delivery, Places, render
from bedstone.probe.delivery import libpq_environment, without_libpq

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedstone.dsn import ConnectionString
    from bedstone.project import Project
    from bedstone.settings import HistorySettings


class Surroundings:
    """Variables, files and the guard for the processes of one history; all in a private folder.

    *guessed* are variables that were found to hold the address, beside those of the settings.
    """

    def __init__(self, project: Project, settings: HistorySettings, cwd: Path) -> None:
        self._project = project
        self._settings = settings
        self._private = PrivateFolder()
        self.folder = self._private.path
        self.root = project.root or cwd
        self._places = Places(self.root, self.folder / "tmp", self.folder / "files")
        self._places.tmp.mkdir()
        self._places.files.mkdir()
        self._guard_file = self.folder / "guard.json"
        self.guessed: dict[str, str] = {}

    def delivery(self, dsn: ConnectionString) -> Delivery:
        """Return the address *dsn* in the forms that the settings ask for, files written."""
        for name, text in self._settings.files.items():
            path = self._places.files / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(text, dsn, self._places), encoding="utf-8")
            path.chmod(0o600)
        env = self.guessed | self._settings.env
        given = {name: render(text, dsn, self._places) for name, text in env.items()}
        return Delivery(
            dsn,
            env=libpq_environment(dsn, self._places) | given,
            x=tuple(render(text, dsn, self._places) for text in self._settings.x),
            database_url=None if "DATABASE_URL" in given else self._form_of_database_url(),
            guard_file=self._guard_file,
        )

    def environ(self, dsn: ConnectionString) -> dict[str, str]:
        """Return the environment of the project's processes, all of it pointed at *dsn*."""
        own = self._project.python.environ if self._project.python else {}
        kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "BEDSTONE_SERVER"}}
        return without_libpq(kept) | own | dict(self.delivery(dsn).env)

    def rendered(self, text: str, dsn: ConnectionString) -> str:
        """Return *text* with its placeholders filled in."""
        return render(text, dsn, self._places)

    def write_guard(self, delivery: Mapping[str, Any]) -> Path:
        """Write what guards the Python processes that the project's code starts.

        Returns the file in which they say what was refused; it is there only then.
        """
        refusals = self.folder / "refusals"
        refusals.unlink(missing_ok=True)
        facts = {key: delivery[key] for key in ("address", "witness")}
        facts |= {"env": list(delivery["env"]), "refusals": str(refusals)}
        self._guard_file.touch(mode=0o600)
        self._guard_file.write_text(json.dumps(facts), encoding="utf-8")
        return refusals

    def _form_of_database_url(self) -> str:
        """Return the driver that the user's own DATABASE_URL has, ``any`` where there is none."""
        text = os.environ.get("DATABASE_URL") or _dotenv(self._places.root).get("DATABASE_URL", "")
        match = re.match(r"postgres(?:ql)?(?:\+(\w+))?://", text)
        if match is None:
            return "any"
        return match.group(1) or "bare"

    def close(self) -> None:
        """Remove what was written."""
        self._private.close()


def cleaned(text: str, dsn: ConnectionString) -> str:
    """Return *text* without the password of *dsn*."""
    password = dsn.password.reveal() if dsn.password else ""
    return text.replace(password, "***") if len(password) > SHORTEST_SECRET else text


def _dotenv(root: Path) -> dict[str, str]:
    """Return the plain assignments of the project's ``.env``."""
    try:
        lines = (root / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
