# SPDX-License-Identifier: Apache-2.0

"""What Alembic runs first: which database, which models, how a run is divided.

The database is the first of these that is there:

1. a live connection in ``config.attributes["connection"]`` (programs, tests);
2. ``alembic -x url=postgresql://...``;
3. ``sqlalchemy.url`` in ``alembic.ini``;
4. the environment variable ``DATABASE_URL``.

So what is written down for one run goes before what happens to be in the environment.
"""

import os
from logging.config import fileConfig

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL, make_url

from bedstone.blueprints.ads.models import metadata

config = context.config

# On the command line only: a program that runs revisions has set up its own logging.
if config.config_file_name is not None and config.cmd_opts is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def database_url() -> URL:
    """Return the address to work on; without a driver's name in it, psycopg 3's.

    Raises:
        CommandError: no address was given.
    """
    text = (
        context.get_x_argument(as_dictionary=True).get("url")
        or config.get_main_option("sqlalchemy.url")
        or os.environ.get("DATABASE_URL")
    )
    if not text:
        raise CommandError(
            "no database address: give -x url=postgresql://user@host/dbname, "
            "set sqlalchemy.url in alembic.ini, or set DATABASE_URL"
        )
    url = make_url(text)
    # SQLAlchemy 2.0 and 2.1 differ in the driver they take for a bare postgresql://
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def run_offline() -> None:
    """Write the SQL of the revisions to standard output (``--sql``)."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online(connection: Connection) -> None:
    """Run the revisions, each in a transaction of its own.

    A failure so leaves the database at the last revision that worked. Revisions that add an enum
    value, or build an index concurrently in an autocommit block, need it too.
    """
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = config.attributes.get("connection")
if context.is_offline_mode():
    run_offline()
elif given is not None:
    run_online(given)
else:
    with create_engine(database_url(), poolclass=NullPool).connect() as own:
        run_online(own)
