# SPDX-License-Identifier: Apache-2.0
"""The variables by which each stack is told its database: plain data.

They are templates with the placeholders of ``--env``; libpq's variables and ``DATABASE_URL`` are
set for all of them. The observer's address has no TLS, which some drivers ask for unless told.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from bedstone.errors import UnknownDialect


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one stack reads. *condition* is what must hold in the project; *source* says so."""

    variables: dict[str, str]
    source: str
    condition: str = ""


_JDBC = "jdbc:postgresql://{host}:{port}/{dbname}"


def _sqlalchemy(driver: str) -> Dialect:
    return Dialect(
        {"DATABASE_URL": f"{{url:{driver}}}"},
        "https://docs.sqlalchemy.org/en/20/dialects/postgresql.html",
        "the code reads DATABASE_URL",
    )


DIALECTS = {
    "psycopg": _sqlalchemy("psycopg"),
    "psycopg2": _sqlalchemy("psycopg2"),
    "asyncpg": _sqlalchemy("asyncpg"),
    "pg8000": _sqlalchemy("pg8000"),
    "django": Dialect(
        {"DATABASE_URL": "{url}"},
        "https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-connection-settings",
        "DATABASES in settings.py is made from DATABASE_URL (dj-database-url, django-environ), "
        "or from PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE: Django reads none by itself",
    ),
    "jdbc": Dialect(
        {
            "JDBC_DATABASE_URL": "{url:jdbc}",
            "JDBC_DATABASE_USERNAME": "{user}",
            "JDBC_DATABASE_PASSWORD": "{password}",
        },
        "https://devcenter.heroku.com/articles/connecting-to-relational-databases-on-heroku-with-java",
        "the code reads JDBC_DATABASE_URL",
    ),
    "spring": Dialect(
        {
            "SPRING_DATASOURCE_URL": _JDBC,
            "SPRING_DATASOURCE_USERNAME": "{user}",
            "SPRING_DATASOURCE_PASSWORD": "{password}",
        },
        "https://docs.spring.io/spring-boot/reference/data/sql.html",
        "spring.flyway.url and spring.liquibase.url are not set: they win over the data source",
    ),
    "flyway": Dialect(
        {"FLYWAY_URL": _JDBC, "FLYWAY_USER": "{user}", "FLYWAY_PASSWORD": "{password}"},
        "https://github.com/flyway/flyway/blob/main/flyway-core/src/main/java/org/flywaydb/core/"
        "internal/configuration/ConfigUtils.java",
        "no -url on the command line",
    ),
    "liquibase": Dialect(
        {
            "LIQUIBASE_COMMAND_URL": _JDBC,
            "LIQUIBASE_COMMAND_USERNAME": "{user}",
            "LIQUIBASE_COMMAND_PASSWORD": "{password}",
        },
        "https://docs.liquibase.com/concepts/connections/liquibase-environment-variables.html",
        "no --url on the command line",
    ),
    "rails": Dialect(
        {"DATABASE_URL": "{url}"},
        "https://guides.rubyonrails.org/configuring.html#configuring-a-database",
        "config/database.yml has no url of its own for this environment",
    ),
    "knex": Dialect(
        {"DATABASE_URL": "{url}"},
        "https://knexjs.org/guide/#configuration-options",
        "knexfile has connection: process.env.DATABASE_URL, or none: then PGHOST and so on hold",
    ),
    "prisma": Dialect(
        {"DATABASE_URL": "{url?schema=public}", "DIRECT_URL": "{url?schema=public}"},
        "https://www.prisma.io/docs/orm/v6/overview/databases/postgresql",
        "prisma migrate deploy; migrate dev wants to create a second database",
    ),
    "dbmate": Dialect(
        {"DATABASE_URL": "{url:postgres://?sslmode=disable}"},
        "https://github.com/amacneil/dbmate#postgresql",
        "dbmate migrate; dbmate up wants to create the database",
    ),
    "goose": Dialect(
        {"GOOSE_DRIVER": "postgres", "GOOSE_DBSTRING": "{url:postgres://?sslmode=disable}"},
        "https://pressly.github.io/goose/documentation/environment-variables/",
        "no driver and no address on the command line",
    ),
    "golang-migrate": Dialect(
        {"DATABASE_URL": "{url:postgres://?sslmode=disable}"},
        "https://github.com/golang-migrate/migrate/tree/master/database/postgres",
        "it reads no variable: sh -c 'migrate -path migrations -database \"$DATABASE_URL\" up'",
    ),
    "pgx5": Dialect(
        {"DATABASE_URL": "{url:pgx5://?sslmode=disable}"},
        "https://github.com/golang-migrate/migrate/tree/master/database/pgx/v5",
        "golang-migrate with pgx: as above",
    ),
    "sqitch": Dialect(
        {"SQITCH_TARGET": "{url:db:pg://}"},
        "https://sqitch.org/docs/manual/sqitch-environment/",
        "no target on the command line",
    ),
    "sqlx": Dialect(
        {"DATABASE_URL": "{url:postgres://}"},
        "https://github.com/launchbadge/sqlx/tree/main/sqlx-cli",
        "sqlx migrate run",
    ),
    "diesel": Dialect(
        {"DATABASE_URL": "{url:postgres://}"},
        "https://docs.rs/crate/diesel_cli/latest/source/README.md",
        "diesel migration run",
    ),
    "dotnet": Dialect(
        {"ConnectionStrings__DefaultConnection": "{url:npgsql}"},
        "https://www.npgsql.org/doc/connection-string-parameters.html",
        'the code asks for GetConnectionString("DefaultConnection"); for another name say '
        "--env ConnectionStrings__NAME={url:npgsql}",
    ),
}

#: The user's own, which are not passed on: they could lead elsewhere.
LEADING = frozenset(
    {name for dialect in DIALECTS.values() for name in dialect.variables}
    | {
        f"SPRING_{tool}_{part}"
        for tool in ("FLYWAY", "LIQUIBASE")
        for part in ("URL", "USER", "PASSWORD")
    }
)


def variables_of(name: str) -> dict[str, str]:
    """Return the templates of a dialect.

    Raises:
        UnknownDialect: there is no such dialect.
    """
    if name in DIALECTS:
        return DIALECTS[name].variables
    near = get_close_matches(name.lower(), DIALECTS, n=3, cutoff=0.5)
    raise UnknownDialect(
        f"there is no dialect {name}",
        detail=f"Near it: {', '.join(near)}." if near else f"There are {', '.join(DIALECTS)}.",
        hint="Any other form is --env NAME={url} or --env NAME={host} …",
    )
