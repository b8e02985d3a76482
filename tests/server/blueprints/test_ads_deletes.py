# SPDX-License-Identifier: Apache-2.0
"""What each delete in ``ads`` takes along, what it leaves, and what is refused: row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from bedstone.blueprints.ads.models import AdProject, Brand, User

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from conftest import Rows

EVERYTHING = {
    "users",
    "brands",
    "ad_projects",
    "chat_messages",
    "scripts",
    "generation_jobs",
    "lora_models",
}

#: What is gone after a row of the table was deleted. Users are not here: see below.
GONE = {
    "brands": EVERYTHING - {"users"},
    "ad_projects": {"ad_projects", "chat_messages", "scripts", "generation_jobs"},
    "chat_messages": {"chat_messages"},
    "scripts": {"scripts", "generation_jobs"},
    "generation_jobs": {"generation_jobs"},
    "lora_models": {"lora_models"},
}

#: The name of the rule, and the two codes it is refused with: before PostgreSQL 18, and since.
RESTRICT = "fk_ad_projects_user_id_users"
REFUSED = {"23503", "23001"}


def assert_refused(caught: pytest.ExceptionInfo[IntegrityError]) -> None:
    said = caught.value.orig.diag  # type: ignore[union-attr]
    assert said.constraint_name == RESTRICT
    assert said.sqlstate in REFUSED


@pytest.mark.parametrize("table", GONE)
def test_a_delete_takes_exactly_what_depends_on_the_row(rows: Rows, table: str) -> None:
    """And nothing of anybody else."""
    mine, other = rows.one_of_each("mine@example.com"), rows.one_of_each("other@example.com")
    rows.delete(table, mine[table])
    assert rows.there(mine) == EVERYTHING - GONE[table]
    assert rows.there(other) == EVERYTHING


def test_a_brand_takes_each_of_its_projects(rows: Rows) -> None:
    keys = rows.one_of_each()
    projects = [rows.project(keys["brands"], keys["users"]) for _ in range(3)]
    sibling = rows.project(rows.brand(keys["users"]), keys["users"])
    rows.delete("brands", keys["brands"])
    assert [rows.there({"ad_projects": project}) for project in projects] == [set()] * 3
    assert rows.there({"ad_projects": sibling}) == {"ad_projects"}


def test_a_user_who_owns_a_project_cannot_be_deleted(rows: Rows) -> None:
    """Not even along with the brand that would take the project, and nothing is touched."""
    keys = rows.one_of_each()
    with pytest.raises(IntegrityError) as caught:
        rows.delete("users", keys["users"])
    assert_refused(caught)
    assert rows.there(keys) == EVERYTHING


def test_a_user_who_owns_a_project_of_a_brand_of_somebody_else_cannot_be_deleted(
    rows: Rows,
) -> None:
    guest, host = rows.user("guest@example.com"), rows.user("host@example.com")
    project = rows.project(rows.brand(host), guest)
    with pytest.raises(IntegrityError) as caught:
        rows.delete("users", guest)
    assert_refused(caught)
    assert rows.there({"users": guest, "ad_projects": project}) == {"users", "ad_projects"}


def test_the_owner_of_a_brand_goes_although_a_guest_has_a_project_in_it(rows: Rows) -> None:
    """The project goes with the brand, as CASCADE says; its own user stays."""
    guest, host = rows.user("guest@example.com"), rows.user("host@example.com")
    brand = rows.brand(host)
    project = rows.project(brand, guest)
    rows.delete("users", host)
    assert rows.there({"users": host, "brands": brand, "ad_projects": project}) == set()
    assert rows.there({"users": guest}) == {"users"}


def test_a_user_with_brands_and_no_project_goes_with_them(rows: Rows) -> None:
    user = rows.user()
    brands = [rows.brand(user) for _ in range(2)]
    model = rows.lora_model(brands[0])
    rows.delete("users", user)
    assert rows.there({"users": user, "lora_models": model}) == set()
    assert [rows.there({"brands": brand}) for brand in brands] == [set(), set()]


def test_a_user_can_be_deleted_once_the_last_project_is_gone(rows: Rows) -> None:
    keys = rows.one_of_each()
    rows.delete("ad_projects", keys["ad_projects"])
    rows.delete("users", keys["users"])
    assert rows.there(keys) == set()


def test_the_refusal_does_not_depend_on_which_key_was_made_first(
    rows: Rows, connection: Connection
) -> None:
    """A restored dump makes the keys in another order, and so fires their triggers in another."""
    keys = rows.one_of_each()
    for constraint, table, column, parent, action in (
        (RESTRICT, "ad_projects", "user_id", "users", "restrict"),
        ("fk_brands_user_id_users", "brands", "user_id", "users", "cascade"),
    ):
        connection.exec_driver_sql(f"alter table {table} drop constraint {constraint}")
        connection.exec_driver_sql(
            f"alter table {table} add constraint {constraint} "
            f"foreign key ({column}) references {parent} (id) on delete {action}"
        )
        with pytest.raises(IntegrityError) as caught:
            rows.delete("users", keys["users"])
        assert_refused(caught)
        assert rows.there(keys) == EVERYTHING


def family(session: Session) -> tuple[User, UUID]:
    """Add a user with a brand and a project by the ORM, all of it loaded."""
    user = User(email="ada@example.com", name="Ada")
    brand = Brand(user=user, title="Bolt", description="Shoes")
    project = AdProject(brand=brand, user=user)
    session.add(user)
    session.commit()
    assert (user.brands, brand.ad_projects, user.ad_projects) == ([brand], [project], [project])
    return user, project.id


def test_the_orm_does_not_get_around_the_refusal(session: Session) -> None:
    """It deleted loaded brands first; their projects went along and nothing was left to refuse."""
    user, project = family(session)
    session.delete(user)
    with pytest.raises(IntegrityError) as caught:
        session.flush()
    assert_refused(caught)
    session.rollback()
    assert session.get(AdProject, project) is not None


def test_the_orm_leaves_the_cascade_from_a_user_to_the_database(session: Session) -> None:
    user = User(email="ada@example.com", name="Ada")
    brand = Brand(user=user, title="Bolt", description="Shoes")
    session.add(user)
    session.flush()
    key = brand.id
    session.delete(user)
    session.commit()
    session.expunge_all()
    assert session.get(Brand, key) is None
