# SPDX-License-Identifier: Apache-2.0
"""The house stands as designed: each room imports only rooms above it, and there are two towers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bedstone

ROOT = Path(bedstone.__file__).parent

#: The rooms of the workshop, from the ground up. A room imports only those before it.
WORKSHOP = (
    "errors", "findings", "dsn", "settings", "sql", "server", "catalog", "trace", "probe",
    "project", "history", "plan", "lint", "fill", "claims", "prove", "doctor", "run", "evolve",
    "upkeep", "recover", "observe", "scale", "report", "studio", "testing", "cli",
)  # fmt: skip
#: What an application imports.
RUNTIME = ("schema", "connect", "events", "protect", "autogenerate")
_USERS_LIBRARIES = {"sqlalchemy", "alembic", "flask", "django"}


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _own_rooms(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in _imports(path) if name.startswith("bedstone.")}
    return {name for name in names if name in WORKSHOP + RUNTIME + ("blueprints",)}


FILES = sorted(
    path for path in ROOT.rglob("*.py") if _room(path) not in {"__init__", "__main__", "blueprints"}
)


def test_every_file_stands_in_a_room_of_the_design() -> None:
    """A new room is written into the design (and here) before it is used."""
    assert {_room(path) for path in FILES} <= set(WORKSHOP + RUNTIME)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    room = _room(path)
    order = WORKSHOP if room in WORKSHOP else RUNTIME
    allowed = set(order[: order.index(room) + 1])
    assert _own_rooms(path) <= allowed


#: The one exception is what runs in the user's interpreter, not in ours.
OWN_PROCESS = [
    path
    for path in FILES
    if _room(path) in WORKSHOP and ROOT / "probe" / "inside" not in path.parents
]


@pytest.mark.parametrize("path", OWN_PROCESS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_workshop_imports_neither_sqlalchemy_nor_alembic(path: Path) -> None:
    assert not {name.split(".")[0] for name in _imports(path)} & _USERS_LIBRARIES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_a_blueprint(path: Path) -> None:
    assert "blueprints" not in _own_rooms(path)


def test_the_engine_names_no_blueprint() -> None:
    """One mechanism serves blueprints and strangers' projects alike."""
    names = {p.name for p in (ROOT / "blueprints").iterdir() if p.is_dir() and p.name[0] != "_"}
    assert names
    for path in FILES:
        words = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not words & names, path


def test_importing_the_package_loads_nothing_else() -> None:
    """No work at import time: `import bedstone` is free."""
    assert _imports(ROOT / "__init__.py") == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_at_most_700_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 700
