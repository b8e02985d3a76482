# SPDX-License-Identifier: Apache-2.0
"""What the tests of plans share: a script that is run by psql, as users run it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_CATALOG = Path(__file__).parents[1] / "catalog"


def _load(name: str, path: Path) -> None:
    """Make a module of a folder importable by a name; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


for _name, _path in (
    ("catalog_changes", _CATALOG / "catalog_changes.py"),
    ("catalog_observed", _CATALOG / "catalog_observed.py"),
    ("catalog_probes", _CATALOG / "test_probes.py"),
    ("catalog_random", _CATALOG / "test_random_changes.py"),
    ("plan_applied", Path(__file__).with_name("plan_applied.py")),
    ("plan_traced", Path(__file__).with_name("plan_traced.py")),
):
    if _name not in sys.modules:
        _load(_name, _path)
