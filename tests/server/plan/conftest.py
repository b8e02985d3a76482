# SPDX-License-Identifier: Apache-2.0
"""What the tests of plans share: a script that is run by psql, as users run it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_CATALOG = Path(__file__).parents[1] / "catalog"


def _load(name: str, folder: Path) -> None:
    """Make a module of a folder importable by its name; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


for _name, _folder in (
    ("catalog_changes", _CATALOG),
    ("catalog_observed", _CATALOG),
    ("plan_applied", Path(__file__).parent),
):
    if _name not in sys.modules:
        _load(_name, _folder)
