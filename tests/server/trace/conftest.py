# SPDX-License-Identifier: Apache-2.0
"""A scratch database with an observer in front of it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedstone.trace import Observer, observe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.server import Scratch

for _name in ("raw_client", "script", "operations", "operation_runs"):
    if _name not in sys.modules:
        _spec = importlib.util.spec_from_file_location(
            _name, Path(__file__).with_name(f"{_name}.py")
        )
        assert _spec is not None
        assert _spec.loader is not None
        sys.modules[_name] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[_name])


@pytest.fixture
def observer(scratch: Scratch) -> Iterator[Observer]:
    with observe(scratch) as found:
        yield found
