# SPDX-License-Identifier: Apache-2.0
"""These tests look at a server as a whole, so no other run may be on it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

import servers


@pytest.fixture(scope="session")
def server_at():
    with ExitStack() as stack:
        yield servers.Servers(stack, alone=True).at
