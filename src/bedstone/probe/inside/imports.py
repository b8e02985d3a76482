# SPDX-License-Identifier: Apache-2.0
"""Calls a hook right after a module was loaded."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def package_folder(name: str) -> str:
    """Return the folder of a package, none of its parents loaded; an empty string without one.

    ``importlib.util.find_spec`` loads the parents, which read their settings when they load.
    """
    folders: Any = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        folders = _folders(".".join(parts[:count]), folders)
    return str(next(iter(folders), ""))


def _folders(name: str, path: Any) -> list[str]:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = find(name, path) if find else None
        if spec is not None:
            return list(spec.submodule_search_locations or ())
    return []


class ImportHook:
    """Calls a function with each module it waits for, right after that module was loaded.

    A module may be looked for without being loaded, and loaded more than once; so nothing is
    crossed off.
    """

    def __init__(self, actions: dict[str, Callable[[Any], None]]) -> None:
        self.actions = actions

    def add(self, name: str, action: Callable[[Any], None]) -> None:
        """Call *action* as well, after what is called already; at once with a loaded module."""
        first = self.actions.get(name)

        def both(module: Any) -> None:
            if first is not None:
                first(module)
            action(module)

        self.actions[name] = both
        if name in sys.modules:
            action(sys.modules[name])

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find the module as the other finders do, and hook into its loading."""
        action = self.actions.get(name)
        if action is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._wrap(spec.loader, action)
                return spec
        return None

    @staticmethod
    def _wrap(loader: Any, action: Callable[[Any], None]) -> None:
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            action(module)

        loader.exec_module = exec_module
