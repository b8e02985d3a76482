# SPDX-License-Identifier: Apache-2.0
"""Puts the guard into every Python process that the project's code or its bootstrap starts.

This folder is on ``PYTHONPATH`` of those processes only. Python imports ``sitecustomize`` at its
start; one of the project's own is imported afterwards.
"""

import importlib
import importlib.util
import os
import sys


def _guard() -> None:
    facts = os.environ.get("BEDSTONE_GUARD")
    if not facts or not os.path.isfile(facts):
        return
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(os.path.dirname(here), "inside")
    spec = importlib.util.spec_from_file_location(
        "_bedstone_probe", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        return
    package = importlib.util.module_from_spec(spec)
    sys.modules["_bedstone_probe"] = package
    spec.loader.exec_module(package)
    importlib.import_module("_bedstone_probe.subprocess_guard").guard_process(facts)


def _go_on() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or os.getcwd()) != here]
    del sys.modules["sitecustomize"]
    try:
        importlib.import_module("sitecustomize")
    except ImportError:
        sys.modules["sitecustomize"] = _this


_this = sys.modules[__name__]
_guard()
_go_on()
