# SPDX-License-Identifier: Apache-2.0
"""Makes the modules that these tests share importable; test folders are no packages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).parent
for _path in (_HERE / "watching.py", _HERE.parent / "trace" / "operations.py"):
    if _path.stem not in sys.modules:
        _spec = importlib.util.spec_from_file_location(_path.stem, _path)
        assert _spec is not None
        assert _spec.loader is not None
        sys.modules[_path.stem] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[_path.stem])
