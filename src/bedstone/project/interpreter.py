# SPDX-License-Identifier: Apache-2.0
"""Finds the Python interpreter that a project runs in."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from bedstone.errors import InterpreterNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OLDEST = (3, 8)
_PATIENCE = 20.0

# The folder of "-c" is taken off the path: projects often have a folder named alembic.
_ASK = """
import sys; sys.path.pop(0)
import importlib.util, json
missing = [n for n in sys.argv[1:] if importlib.util.find_spec(n) is None]
print(json.dumps({"version": sys.version_info[:3], "missing": missing}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python program, and why it was taken."""

    path: Path
    origin: str
    version: tuple[int, ...]

    @property
    def environ(self) -> dict[str, str]:
        """What its environment being active would set."""
        home = self.path.parent.parent
        if not (home / "pyvenv.cfg").is_file():
            return {}
        return {
            "VIRTUAL_ENV": str(home),
            "PATH": f"{self.path.parent}:{os.environ.get('PATH', '')}",
        }


@dataclass(frozen=True, slots=True)
class _Candidate:
    path: Path
    origin: str


def find_interpreter(
    root: Path,
    *,
    given: str | None = None,
    needs: Sequence[str] = ("alembic", "sqlalchemy"),
    environ: Mapping[str, str] | None = None,
    hint: str = "Name the project's own: --python path/to/.venv/bin/python",
) -> Interpreter:
    """Return the interpreter of the project in *root* that can import what it *needs*.

    Taken is what was *given*; else the first that will do of the active environment, the
    project's own, those of uv, poetry, pdm, pipenv and hatch, and our own interpreter. *hint* says
    what to do where there is none.

    Raises:
        InterpreterNotFound: none will do. The error lists each that was tried, and why not.
    """
    environ = os.environ if environ is None else environ
    if given is not None:
        candidates: Iterator[_Candidate] = iter([_Candidate(_program(root, given), "--python")])
    else:
        candidates = _candidates(root, environ)
    refused: list[str] = []
    seen: set[Path] = set()
    for candidate in candidates:
        if candidate.path in seen:
            continue
        seen.add(candidate.path)
        found = _try(candidate, needs)
        if isinstance(found, Interpreter):
            return found
        refused.append(f"{candidate.path} ({candidate.origin}): {found}")
    raise InterpreterNotFound(
        "no Python interpreter was found that can import " + " and ".join(needs),
        detail="Tried: " + "; ".join(refused) if refused else "There was none to try.",
        hint=hint,
    )


def _program(root: Path, given: str) -> Path:
    path = Path(given).expanduser()
    if os.sep not in given and not (root / path).exists():
        return Path(which(given) or given)
    path = path if path.is_absolute() else root / path
    return path / "bin" / "python" if path.is_dir() else path


def _candidates(root: Path, environ: Mapping[str, str]) -> Iterator[_Candidate]:
    if environ.get("VIRTUAL_ENV"):
        yield _Candidate(Path(environ["VIRTUAL_ENV"]) / "bin" / "python", "$VIRTUAL_ENV")
    for folder in (root, *root.parents):
        for name in (".venv", "venv", "env"):
            if (folder / name / "pyvenv.cfg").is_file():
                yield _Candidate(folder / name / "bin" / "python", f"{folder / name}")
        if (folder / ".git").exists():
            break
    if environ.get("CONDA_PREFIX"):
        yield _Candidate(Path(environ["CONDA_PREFIX"]) / "bin" / "python", "$CONDA_PREFIX")
    yield from _of_tools(root)
    yield _Candidate(Path(sys.executable), "bedstone's own interpreter")


def _of_tools(root: Path) -> Iterator[_Candidate]:
    """Ask the project's own tool, where its files are there."""
    described = _text(root / "pyproject.toml")
    pdm = _text(root / ".pdm-python").strip()
    if pdm:
        yield _Candidate(Path(pdm), "pdm")
    if (root / "uv.lock").is_file() or "[tool.uv" in described:
        yield from _asked("uv", ["uv", "python", "find", "--project", str(root)], root)
    if (root / "poetry.lock").is_file() or "[tool.poetry" in described:
        yield from _asked("poetry", ["poetry", "env", "info", "--executable"], root)
    if (root / "Pipfile").is_file():
        yield from _asked("pipenv", ["pipenv", "--py"], root)
    if "[tool.hatch.envs" in described:
        yield from _asked(
            "hatch", ["hatch", "run", "python", "-c", "import sys; print(sys.executable)"], root
        )


def _asked(origin: str, command: list[str], root: Path) -> Iterator[_Candidate]:
    if which(command[0]) is None:
        return
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        yield _Candidate(Path(lines[-1].strip()), origin)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _try(candidate: _Candidate, needs: Sequence[str]) -> Interpreter | str:
    """Return the interpreter, or why it will not do."""
    path = candidate.path
    if not path.is_file():
        return "it is not there"
    if not os.access(path, os.X_OK):
        return "it is not executable"
    if path == Path(sys.executable):
        missing = [name for name in needs if importlib.util.find_spec(name) is None]
        version = tuple(sys.version_info[:3])
    else:
        facts = _ask(path, needs)
        if isinstance(facts, str):
            return facts
        missing, version = facts["missing"], tuple(int(n) for n in facts["version"])
    if version < _OLDEST:
        return f"it is Python {version[0]}.{version[1]}, older than 3.8"
    if missing:
        return f"{' and '.join(missing)} cannot be imported in it"
    return Interpreter(path, candidate.origin, version)


def _ask(path: Path, needs: Sequence[str]) -> dict[str, list[str]] | str:
    try:
        done = subprocess.run(
            [str(path), "-c", _ASK, *needs],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        return f"it cannot be run: {error.strerror or error}"
    except subprocess.TimeoutExpired:
        return f"it did not answer within {_PATIENCE:g} s"
    try:
        found: dict[str, list[str]] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return "it did not answer as a Python interpreter does"
    return found
