# SPDX-License-Identifier: Apache-2.0
"""Fixtures that hand a test a real server, and a throw-away database on it.

``server`` is PostgreSQL 18; ``any_server`` runs the test once on each of 15 to 18, or on those
that ``@pytest.mark.pg(">= 17")`` names; ``server_at(16)`` gives one. ``workspace`` and
``scratch`` are made on ``any_server`` where the test asks for that too, else on ``server``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedstone.server import Scratch, Server, Workspace


# A machine that does other things as well is slow, and no test measures time.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")


def _load(name: str) -> None:
    """Make a module of this folder importable by its name; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


if "servers" not in sys.modules:
    _load("servers")

#: How the reason of a skipped test begins for which a foreign program could not be had.
PEER_MISSING = "peer not there:"

import servers  # noqa: E402  loaded just above


def pytest_configure() -> None:
    """Commands that tests start use this run's servers, and hear an interrupt.

    A shell starts what runs in the background with SIGINT ignored, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["BEDSTONE_CACHE_DIR"] = str(servers.cache_folder() / "commands")


def pytest_unconfigure() -> None:
    """A server ends by itself once its folder is gone."""
    shutil.rmtree(servers.cache_folder(), ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "any_server" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("pg")
    spec = marker.args[0] if marker else ">= 15"
    majors = [major for major in servers.MAJORS if servers.matches(spec, major)]
    metafunc.parametrize("any_server", majors, indirect=True, ids=[f"pg{m}" for m in majors])


def pytest_report_header() -> list[str]:
    there = []
    for major in servers.MAJORS:
        programs = servers.FOLDER / str(major)
        there.append(
            f"{major}"
            if major == servers.DEFAULT_MAJOR or (programs / "fetched").is_file()
            else f"{major} MISSING (python tools/test_servers.py)"
        )
    return [f"PostgreSQL: {', '.join(there)}; servers in {servers.cache_folder()}"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what foreign programs were not there: their tests prove nothing in this run."""
    missing: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if reason.startswith(PEER_MISSING):
                missing[reason] = missing.get(reason, 0) + 1
    for reason, count in sorted(missing.items()):
        terminalreporter.write_line(f"NOT PROVEN in {count} tests: {reason}", yellow=True)


@pytest.fixture(scope="session")
def server_at() -> Iterator[Callable[[int], Server]]:
    with ExitStack() as stack:
        yield servers.Servers(stack).at


@pytest.fixture(scope="session")
def server(server_at: Callable[[int], Server]) -> Server:
    return server_at(servers.DEFAULT_MAJOR)


@pytest.fixture
def any_server(request: pytest.FixtureRequest, server_at: Callable[[int], Server]) -> Server:
    return server_at(request.param)


@pytest.fixture
def workspace(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    name = "any_server" if "any_server" in request.fixturenames else "server"
    server: Server = request.getfixturevalue(name)
    with server.workspace("test") as opened:
        yield opened


@pytest.fixture
def scratch(workspace: Workspace) -> Scratch:
    return workspace.scratch("test")
