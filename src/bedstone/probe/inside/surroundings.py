# SPDX-License-Identifier: Apache-2.0
"""What is around a run: modules, pools, threads, event loops."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
import threading
import warnings

from .trouble import ProjectError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


def read_text(path: str) -> str:
    """Return what the file holds, nothing where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def loaded_files(root: str, script: Any) -> list[str]:
    """Return the files of the project's own code that are loaded, its ``env.py`` among them."""
    folders = [os.path.realpath(root)] if root else []
    files = []
    if script is not None:
        files.append(os.path.realpath(script.env_py_location))
    for module in list(sys.modules.values()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str) and file.endswith(".py"):
            path = os.path.realpath(file)
            inside = any(path.startswith(folder + os.sep) for folder in folders)
            if inside and "site-packages" not in path and "dist-packages" not in path:
                files.append(path)
    return sorted(set(files))


@contextlib.contextmanager
def without_commands() -> Iterator[None]:
    """Let no Alembic command run meanwhile: some applications upgrade their database at start."""
    command = importlib.import_module("alembic.command")
    names = ("upgrade", "downgrade", "stamp")
    kept = {name: getattr(command, name) for name in names}
    for name in names:
        setattr(command, name, functools.wraps(kept[name])(lambda *_, **__: None))
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(command, name, function)


def renew_pools(engines: Sequence[Any], *, close: bool) -> None:
    """Give every engine an empty pool; with *close*, end what the old one held."""
    for engine in engines:
        with contextlib.suppress(Exception):
            if close and not getattr(engine.dialect, "is_async", False):
                engine.dispose()
            else:
                engine.pool = engine.pool.recreate()


def join_threads() -> None:
    """Wait for the threads that Python itself would wait for at the end of a program."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            if getattr(thread, "_bedstone_old", False):
                continue
            thread.join()


def load_object(name: str) -> Any:
    """Return the object that ``package.module:attribute.path`` names."""
    module_name, _, path = name.partition(":")
    module = importlib.import_module(module_name)
    found: Any = module
    for part in path.split(".") if path else ():
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ProjectError(
                "no-object",
                "module %s has no %s" % (module_name, path),
                module=module_name,
                attribute=path,
                names=sorted(n for n in vars(module) if not n.startswith("_"))[:200],
            ) from None
    return found


def renew_event_loop() -> None:
    """Replace what a fork must not share with the warm process: gevent's hub, a set loop."""
    if "gevent" in sys.modules:
        with contextlib.suppress(Exception):
            importlib.import_module("gevent").reinit()
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            local = getattr(asyncio.get_event_loop_policy(), "_local", None)
            if getattr(local, "_loop", None) is not None:
                asyncio.set_event_loop(asyncio.new_event_loop())


def flush() -> None:
    """Write out what the user's code has printed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
