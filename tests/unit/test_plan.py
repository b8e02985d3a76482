# SPDX-License-Identifier: Apache-2.0
"""Plans without a server: what is left alone, what is refused, how a script is put together."""

from __future__ import annotations

import pytest

from bedstone.catalog import Attributes, Catalog, Key, Object, Value
from bedstone.errors import NotPlannable, VersionRangeInvalid
from bedstone.plan import Plan, Statement, Transaction, plan, read_range, render_script

_COMMON: dict[str, Value] = {"comment": None, "security_labels": None}
_KEY = Key("schema", None, "s")


def catalog(*objects: Object) -> Catalog:
    return Catalog({item.key: item for item in objects}, 180000)


def made(key: Key, **attributes: Value) -> Object:
    return Object(key, Attributes.of(key.kind, attributes | _COMMON))


def test_equal_sides_need_no_script() -> None:
    side = catalog(made(_KEY, owner="postgres"))
    assert plan(side, side).statements == ()
    assert render_script(plan(side, side)) == ""


def test_roles_are_left_alone() -> None:
    """They are the server's: neither made nor dropped because one database names them."""
    role = made(Key("role", None, "ann"), superuser=False)
    assert plan(catalog(), catalog(role)).statements == ()
    assert plan(catalog(role), catalog()).statements == ()


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(NotPlannable) as refused:
        plan(catalog(), catalog(made(Key("carpet", None, "red"))))
    assert str(refused.value) == (
        "BED200: carpet red differs, and plans do not write a carpet yet\n"
        "  hint: Leave it out, and change it by hand: --exclude 'carpet red'"
    )


def test_a_secret_is_not_written_by_what_stands_for_it() -> None:
    """The mask of a password in a catalog must never become somebody's password."""
    server = made(
        Key("server", None, "far"),
        type=None,
        version=None,
        wrapper="w",
        foreign_options=(("password", "hidden:0123456789ab"),),
    )
    with pytest.raises(NotPlannable) as refused:
        plan(catalog(), catalog(server))
    assert str(refused.value) == (
        "BED200: a foreign object: option password is secret, and no catalog holds secrets\n"
        "  hint: Set option password by hand, so that both sides agree."
    )


def test_what_needs_each_other_is_refused() -> None:
    """No CASCADE is written, so that two objects that hold each other cannot be dropped."""
    first, second = Key("schema", None, "a"), Key("schema", None, "b")
    attributes = Attributes.of("schema", _COMMON)
    circle = catalog(
        Object(first, attributes, frozenset({second})),
        Object(second, attributes, frozenset({first})),
    )
    with pytest.raises(NotPlannable, match="schema a and 1 more objects wait for each other"):
        plan(circle, catalog())


def test_transactions_end_before_what_must_run_outside_of_them() -> None:
    made_ = Plan(
        (
            Statement("one", _KEY),
            Statement("two", _KEY),
            Statement("three", _KEY, transaction=Transaction.NONE),
            Statement("four", _KEY),
        )
    )
    lines = render_script(made_).splitlines()
    assert lines[lines.index("begin;") :] == [
        "begin;", "one;", "two;", "commit;", "three;", "begin;", "four;", "commit;",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "lowest"), [(">=15", 15), ("17", 17), (" == 16 ", 16)])
def test_a_range_of_versions_begins_with_the_oldest(text: str, lowest: int) -> None:
    assert read_range(text) == lowest


@pytest.mark.parametrize("text", ["new", "", ">=x", "15-17", "<18", ">=14"])
def test_versions_that_no_plan_is_for(text: str) -> None:
    with pytest.raises(VersionRangeInvalid):
        read_range(text)
