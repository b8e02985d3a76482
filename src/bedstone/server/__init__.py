# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL to work on, and throw-away databases on it."""

from bedstone.server.connection import connect_as_client
from bedstone.server.lacks import Lack
from bedstone.server.pgdump import PgDump
from bedstone.server.scratch import Scratch, Template
from bedstone.server.server import DEFAULT_IDLE, Server, open_server
from bedstone.server.version import OLDEST_MAJOR, ServerVersion
from bedstone.server.witness import (
    WITNESS_SQL,
    Database,
    StandingDatabase,
    Witness,
    database_at,
)
from bedstone.server.workspace import Workspace

__all__ = [
    "DEFAULT_IDLE",
    "OLDEST_MAJOR",
    "WITNESS_SQL",
    "Database",
    "Lack",
    "PgDump",
    "Scratch",
    "Server",
    "ServerVersion",
    "StandingDatabase",
    "Template",
    "Witness",
    "Workspace",
    "connect_as_client",
    "database_at",
    "open_server",
]
