# SPDX-License-Identifier: Apache-2.0
"""What the eight revisions of ``ads`` build, read from the catalog and tried with rows."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from bedstone.blueprints.ads import models

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from conftest import Rows

NOW, CLOCK = "now()", "clock_timestamp()"
UUID, TEXT, JSONB, INTEGER, TIME = "uuid", "text", "jsonb", "integer", "timestamp with time zone"
ID = ("id", UUID, "not null", "gen_random_uuid()")
ARRAY, OBJECT = "'[]'::jsonb", "'{}'::jsonb"

TABLES = {
    "users": [
        ID,
        ("email", TEXT, "not null", None),
        ("name", TEXT, "not null", None),
        ("subscription_type", "subscription_type", "not null", "'free'::subscription_type"),
        ("created_at", TIME, "not null", NOW),
        ("updated_at", TIME, "not null", NOW),
        ("deleted_at", TIME, "null", None),
    ],
    "brands": [
        ID,
        ("user_id", UUID, "not null", None),
        ("title", TEXT, "not null", None),
        ("description", TEXT, "not null", None),
        ("product_images", JSONB, "not null", ARRAY),
        ("brand_guidelines", JSONB, "not null", OBJECT),
        ("created_at", TIME, "not null", NOW),
        ("updated_at", TIME, "not null", NOW),
    ],
    "ad_projects": [
        ID,
        ("brand_id", UUID, "not null", None),
        ("user_id", UUID, "not null", None),
        ("conversation_history", JSONB, "not null", ARRAY),
        ("ad_details", JSONB, "not null", OBJECT),
        ("status", "ad_project_status", "not null", "'initial'::ad_project_status"),
        ("created_at", TIME, "not null", CLOCK),
        ("updated_at", TIME, "not null", CLOCK),
    ],
    "chat_messages": [
        ID,
        ("project_id", UUID, "not null", None),
        ("role", "chat_role", "not null", None),
        ("content", TEXT, "not null", None),
        ("timestamp", TIME, "not null", CLOCK),
        ("created_at", TIME, "not null", NOW),
    ],
    "scripts": [
        ID,
        ("project_id", UUID, "not null", None),
        ("storyline", TEXT, "not null", None),
        ("scenes", JSONB, "not null", None),
        ("voiceover_text", TEXT, "null", None),
        ("approved_at", TIME, "null", None),
        ("created_at", TIME, "not null", NOW),
        ("updated_at", TIME, "not null", NOW),
    ],
    "generation_jobs": [
        ID,
        ("project_id", UUID, "not null", None),
        ("script_id", UUID, "not null", None),
        ("status", "generation_job_status", "not null", "'queued'::generation_job_status"),
        ("job_type", "generation_job_type", "not null", None),
        ("replicate_job_id", TEXT, "null", None),
        ("progress_percentage", INTEGER, "not null", "0"),
        ("error_message", TEXT, "null", None),
        ("generated_video_url", TEXT, "null", None),
        ("started_at", TIME, "null", None),
        ("completed_at", TIME, "null", None),
        ("created_at", TIME, "not null", NOW),
        ("updated_at", TIME, "not null", NOW),
    ],
    "lora_models": [
        ID,
        ("brand_id", UUID, "not null", None),
        ("model_name", TEXT, "not null", None),
        ("huggingface_model_id", TEXT, "null", None),
        (
            "training_status",
            "lora_training_status",
            "not null",
            "'not_started'::lora_training_status",
        ),
        ("training_progress", INTEGER, "not null", "0"),
        ("trained_samples_count", INTEGER, "not null", "0"),
        ("created_at", TIME, "not null", NOW),
        ("updated_at", TIME, "not null", NOW),
    ],
}

ENUMS = {
    "subscription_type": ["free", "pro", "enterprise"],
    "ad_project_status": [
        "initial",
        "chat_in_progress",
        "script_generated",
        "script_approved",
        "video_generating",
        "completed",
        "failed",
    ],
    "chat_role": ["user", "assistant"],
    "generation_job_status": ["queued", "processing", "completed", "failed"],
    "generation_job_type": [
        "visual_generation",
        "audio_generation",
        "video_composition",
        "final_export",
    ],
    "lora_training_status": ["not_started", "in_progress", "completed", "failed"],
}

PYTHON_ENUMS = {
    "subscription_type": models.SubscriptionType,
    "ad_project_status": models.AdProjectStatus,
    "chat_role": models.ChatRole,
    "generation_job_status": models.GenerationJobStatus,
    "generation_job_type": models.GenerationJobType,
    "lora_training_status": models.LoraTrainingStatus,
}

ENUM_COLUMNS = [
    (table, column, kind)
    for table, columns in TABLES.items()
    for column, kind, _, _ in columns
    if kind in ENUMS
]

FOREIGN_KEYS = {
    ("brands", "user_id"): ("users", "CASCADE"),
    ("ad_projects", "brand_id"): ("brands", "CASCADE"),
    ("ad_projects", "user_id"): ("users", "RESTRICT"),
    ("chat_messages", "project_id"): ("ad_projects", "CASCADE"),
    ("scripts", "project_id"): ("ad_projects", "CASCADE"),
    ("generation_jobs", "project_id"): ("ad_projects", "CASCADE"),
    ("generation_jobs", "script_id"): ("scripts", "CASCADE"),
    ("lora_models", "brand_id"): ("brands", "CASCADE"),
}

INDEXES = {
    "ix_users_email": "users (email) unique",
    "ix_users_deleted_at": "users (deleted_at)",
    "ix_brands_user_id": "brands (user_id)",
    "ix_brands_user_id_created_at": "brands (user_id, created_at)",
    "ix_ad_projects_brand_id": "ad_projects (brand_id)",
    "ix_ad_projects_user_id": "ad_projects (user_id)",
    "ix_ad_projects_status": "ad_projects (status)",
    "ix_ad_projects_brand_id_status": "ad_projects (brand_id, status)",
    "ix_ad_projects_user_id_created_at": "ad_projects (user_id, created_at)",
    "ix_ad_projects_brand_id_created_at": "ad_projects (brand_id, created_at DESC) unique",
    "ix_chat_messages_project_id": "chat_messages (project_id)",
    "ix_chat_messages_project_id_timestamp": 'chat_messages (project_id, "timestamp")',
    "ix_scripts_project_id": "scripts (project_id) unique",
    "ix_scripts_approved_at": "scripts (approved_at)",
    "ix_generation_jobs_project_id": "generation_jobs (project_id)",
    "ix_generation_jobs_script_id": "generation_jobs (script_id)",
    "ix_generation_jobs_replicate_job_id": "generation_jobs (replicate_job_id)",
    "ix_generation_jobs_project_id_status": "generation_jobs (project_id, status)",
    "ix_generation_jobs_status_created_at": "generation_jobs (status, created_at)",
    "ix_lora_models_brand_id": "lora_models (brand_id) unique",
    "ix_lora_models_training_status": "lora_models (training_status)",
}


def refusal(rows: Rows, table: str, **values: Any) -> Any:
    """Insert a row that must be refused; return what the server says about it."""
    with pytest.raises(DBAPIError) as caught, rows.connection.begin_nested():
        rows.insert(table, **values)
    return caught.value.orig.diag  # type: ignore[union-attr]


def values_for(rows: Rows, table: str, email: str = "ada@example.com") -> dict[str, Any]:
    """Return values for a row of *table* whose parents are there and which breaks no rule."""
    keys = rows.one_of_each(email)
    user, brand, project = keys["users"], keys["brands"], keys["ad_projects"]
    fresh = rows.project(brand, user)
    values: dict[str, dict[str, Any]] = {
        "users": {"email": "new@example.com", "name": "New"},
        "brands": {"user_id": user, "title": "New", "description": "New"},
        "ad_projects": {"brand_id": brand, "user_id": user},
        "chat_messages": {"project_id": project, "role": "assistant", "content": "New"},
        "scripts": {"project_id": fresh, "storyline": "New", "scenes": []},
        "generation_jobs": {
            "project_id": project,
            "script_id": keys["scripts"],
            "job_type": "visual_generation",
        },
        "lora_models": {"brand_id": rows.brand(user), "model_name": "new"},
    }
    return values[table]


# --- the catalog -------------------------------------------------------------------------------


def test_every_column_has_its_type_nullability_and_default(connection: Connection) -> None:
    found = connection.exec_driver_sql(
        """
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
               case when a.attnotnull then 'not null' else 'null' end,
               pg_get_expr(d.adbin, d.adrelid)
          from pg_catalog.pg_class c
          join pg_catalog.pg_attribute a on a.attrelid = c.oid
          left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
           and c.relname <> 'alembic_version' and a.attnum > 0 and not a.attisdropped
         order by c.relname, a.attnum
        """
    ).all()
    tables: dict[str, list[tuple[Any, ...]]] = {}
    for table, *column in found:
        tables.setdefault(table, []).append(tuple(column))
    assert {name: sorted(columns) for name, columns in tables.items()} == {
        name: sorted(columns, key=lambda column: column[0]) for name, columns in TABLES.items()
    }


def test_every_enum_has_its_values_in_order(connection: Connection) -> None:
    found = connection.exec_driver_sql(
        """
        select t.typname, array_agg(e.enumlabel::text order by e.enumsortorder)
          from pg_catalog.pg_type t
          join pg_catalog.pg_enum e on e.enumtypid = t.oid
         group by t.typname order by t.typname
        """
    ).all()
    assert {name: values for name, values in found} == ENUMS  # noqa: C416  rows are no tuples


@pytest.mark.parametrize("name", ENUMS)
def test_the_python_enum_has_the_same_values_in_the_same_order(name: str) -> None:
    assert [member.value for member in PYTHON_ENUMS[name]] == ENUMS[name]


def test_every_foreign_key_has_its_action(connection: Connection) -> None:
    found = connection.exec_driver_sql(
        """
        select c.conname, c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text,
               case c.confdeltype when 'c' then 'CASCADE' when 'r' then 'RESTRICT' end,
               c.confupdtype::text, c.convalidated
          from pg_catalog.pg_constraint c
          join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
         where c.contype = 'f' order by c.conname
        """
    ).all()
    assert {
        (table, column): (parent, action) for _, table, column, parent, action, *_ in found
    } == (FOREIGN_KEYS)
    for name, table, column, parent, _, on_update, validated in found:
        assert name == f"fk_{table}_{column}_{parent}"
        assert (on_update, validated) == ("a", True)


def test_every_index_is_there_under_its_name_and_no_other(connection: Connection) -> None:
    found = connection.exec_driver_sql(
        """
        select i.indexrelid::regclass::text, i.indrelid::regclass::text, i.indisunique,
               substring(pg_get_indexdef(i.indexrelid) from '\\(.*\\)')
          from pg_catalog.pg_index i
          join pg_catalog.pg_class c on c.oid = i.indrelid
         where c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'
           and not i.indisprimary
         order by 1
        """
    ).all()
    described = {
        name: f"{table} {columns}" + (" unique" if unique else "")
        for name, table, unique, columns in found
    }
    assert described == INDEXES


def test_every_index_says_which_query_it_serves(connection: Connection) -> None:
    """The indexes behind the primary keys too: 21 + 7."""
    comments = connection.exec_driver_sql(
        """
        select i.indexrelid::regclass::text, obj_description(i.indexrelid, 'pg_class')
          from pg_catalog.pg_index i
          join pg_catalog.pg_class c on c.oid = i.indrelid
         where c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'
        """
    ).all()
    assert {name for name, _ in comments} == {*INDEXES, *(f"pk_{table}" for table in TABLES)}
    assert [name for name, comment in comments if not comment] == []


def test_every_table_says_what_it_holds(connection: Connection) -> None:
    comments = connection.exec_driver_sql(
        "select relname, obj_description(oid, 'pg_class') from pg_catalog.pg_class "
        "where relnamespace = 'public'::regnamespace and relkind = 'r'"
    ).all()
    assert {name for name, comment in comments if comment} == set(TABLES)


# --- what a row is completed with --------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_a_row_of_only_what_is_required_is_accepted_and_completed(rows: Rows, table: str) -> None:
    """Each column then holds its default, or null where it has none."""
    given = values_for(rows, table)
    row = rows.insert(table, **given)
    expected: dict[str | None, Any] = {
        "'free'::subscription_type": "free",
        "'initial'::ad_project_status": "initial",
        "'queued'::generation_job_status": "queued",
        "'not_started'::lora_training_status": "not_started",
        ARRAY: [],
        OBJECT: {},
        "0": 0,
        None: None,
    }
    for column, _, _, default in TABLES[table]:
        if column in given:
            assert row[column] == given[column]
        elif default in expected:
            assert row[column] == expected[default], column
        elif default == "gen_random_uuid()":
            assert isinstance(row[column], uuid.UUID)
            assert row[column].version == 4
        else:
            assert row[column].tzinfo is not None
            assert abs(row[column] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("table", TABLES)
def test_two_rows_get_different_keys(rows: Rows, table: str) -> None:
    first = rows.one_of_each("first@example.com")
    second = rows.one_of_each("second@example.com")
    assert first[table] != second[table]


def test_two_projects_of_a_brand_made_in_one_transaction_get_different_times(rows: Rows) -> None:
    user = rows.user()
    brand = rows.brand(user)
    made = [rows.insert("ad_projects", brand_id=brand, user_id=user) for _ in range(20)]
    times = [row["created_at"] for row in made]
    assert len(set(times)) == 20
    assert times == sorted(times)
    assert all(row["updated_at"] >= row["created_at"] for row in made)


def test_two_projects_made_by_one_statement_get_different_times(rows: Rows) -> None:
    user = rows.user()
    brand = rows.brand(user)
    made = rows.connection.exec_driver_sql(
        "insert into ad_projects (brand_id, user_id) "
        "select %(brand)s, %(user)s from generate_series(1, 200) returning created_at",
        {"brand": brand, "user": user},
    )
    assert len(set(made.scalars())) == 200


def test_other_rows_take_the_time_of_their_transaction(rows: Rows) -> None:
    user = rows.user()
    brands = [rows.insert("brands", user_id=user, title=t, description=t) for t in ("a", "b")]
    assert brands[0]["created_at"] == brands[1]["created_at"] == brands[0]["updated_at"]


def test_question_and_answer_of_one_transaction_keep_their_order(rows: Rows) -> None:
    user = rows.user()
    project = rows.project(rows.brand(user), user)
    for number in range(20):
        rows.message(project, content=str(number))
    found = rows.connection.exec_driver_sql("select content from chat_messages order by timestamp")
    assert list(found.scalars()) == [str(number) for number in range(20)]


# --- what is refused, and the last row that is not ---------------------------------------------


@pytest.mark.parametrize(
    ("table", "column"),
    [(t, c[0]) for t, columns in TABLES.items() for c in columns if c[2] == "not null"],
)
def test_null_is_refused_where_a_value_is_required(rows: Rows, table: str, column: str) -> None:
    said = refusal(rows, table, **{**values_for(rows, table), column: None})
    assert (said.sqlstate, said.table_name, said.column_name) == ("23502", table, column)


@pytest.mark.parametrize(
    ("table", "column"),
    [(t, c[0]) for t, columns in TABLES.items() for c in columns if c[2] == "null"],
)
def test_null_is_accepted_where_it_means_something(rows: Rows, table: str, column: str) -> None:
    row = rows.insert(table, **{**values_for(rows, table), column: None})
    assert row[column] is None


@pytest.mark.parametrize(("table", "column", "kind"), ENUM_COLUMNS)
def test_an_enum_column_takes_its_values_and_no_other(
    rows: Rows, table: str, column: str, kind: str
) -> None:
    base = values_for(rows, table)
    first, *_ = ENUMS[kind]
    for wrong in ("nonsense", first.upper(), ""):
        assert refusal(rows, table, **{**base, column: wrong}).sqlstate == "22P02"
    for value in ENUMS[kind]:
        nested = rows.connection.begin_nested()
        assert rows.insert(table, **{**base, column: value})[column] == value
        nested.rollback()


@pytest.mark.parametrize(
    ("table", "column", "rule", "numbers"),
    [
        (
            "generation_jobs",
            "progress_percentage",
            "range",
            {-1: False, 0: True, 100: True, 101: False},
        ),
        ("lora_models", "training_progress", "range", {-1: False, 0: True, 100: True, 101: False}),
        (
            "lora_models",
            "trained_samples_count",
            "not_negative",
            {-1: False, 0: True, 2**31 - 1: True},
        ),
    ],
)
def test_a_number_is_kept_within_its_bounds(
    rows: Rows, table: str, column: str, rule: str, numbers: dict[int, bool]
) -> None:
    base = values_for(rows, table)
    for number, accepted in numbers.items():
        given = {**base, column: number}
        if accepted:
            nested = rows.connection.begin_nested()
            assert rows.insert(table, **given)[column] == number
            nested.rollback()
        else:
            said = refusal(rows, table, **given)
            assert (said.sqlstate, said.constraint_name) == ("23514", f"ck_{table}_{column}_{rule}")


@pytest.mark.parametrize(("table", "column"), FOREIGN_KEYS)
def test_a_row_without_its_parent_is_refused(rows: Rows, table: str, column: str) -> None:
    said = refusal(rows, table, **{**values_for(rows, table), column: uuid.uuid4()})
    parent, _ = FOREIGN_KEYS[table, column]
    assert (said.sqlstate, said.constraint_name) == ("23503", f"fk_{table}_{column}_{parent}")


def test_an_address_registers_once(rows: Rows) -> None:
    """A soft-deleted account still holds its address."""
    rows.user("ada@example.com", deleted_at=datetime.now(UTC))
    said = refusal(rows, "users", email="ada@example.com", name="Another")
    assert (said.sqlstate, said.constraint_name) == ("23505", "ix_users_email")
    rows.user("ada@example.org")


def test_a_project_has_one_script(rows: Rows) -> None:
    keys = rows.one_of_each()
    again = {"project_id": keys["ad_projects"], "storyline": "Again", "scenes": []}
    said = refusal(rows, "scripts", **again)
    assert (said.sqlstate, said.constraint_name) == ("23505", "ix_scripts_project_id")
    rows.script(rows.project(keys["brands"], keys["users"]))


def test_a_brand_has_one_lora_model(rows: Rows) -> None:
    keys = rows.one_of_each()
    said = refusal(rows, "lora_models", brand_id=keys["brands"], model_name="again")
    assert (said.sqlstate, said.constraint_name) == ("23505", "ix_lora_models_brand_id")
    rows.lora_model(rows.brand(keys["users"]))


def test_a_brand_has_no_two_projects_of_the_same_moment(rows: Rows) -> None:
    """A microsecond later, or for another brand, is accepted."""
    user = rows.user()
    brand, moment = rows.brand(user), datetime(2026, 11, 21, tzinfo=UTC)
    rows.project(brand, user, created_at=moment)
    said = refusal(rows, "ad_projects", brand_id=brand, user_id=user, created_at=moment)
    assert (said.sqlstate, said.constraint_name) == ("23505", "ix_ad_projects_brand_id_created_at")
    rows.project(brand, user, created_at=moment + timedelta(microseconds=1))
    rows.project(rows.brand(user), user, created_at=moment)


@pytest.mark.parametrize("table", TABLES)
def test_a_key_is_used_once(rows: Rows, table: str) -> None:
    key = rows.one_of_each()[table]
    said = refusal(rows, table, **values_for(rows, table, "another@example.com"), id=key)
    assert (said.sqlstate, said.constraint_name) == ("23505", f"pk_{table}")
