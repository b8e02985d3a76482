# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


def test_first(any_server, scratch):
    with scratch.connect() as connection:
        assert connection.info.server_version // 10000 == any_server.version.major
        assert connection.info.dbname == scratch.name
