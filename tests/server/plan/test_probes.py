# SPDX-License-Identifier: Apache-2.0
"""The probes of the catalog as plans: each change both ways, none for a model that is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_probes import (
    PROBES,
    SCHEMAS,
    UNCHANGED,
    UNCHANGED_SCHEMAS,
    models,
    read,
    skip_unless_of,
    within,
)
from plan_applied import bring

from bedstone.errors import NotPlannable
from bedstone.plan import Options, plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedstone.catalog import Catalog
    from bedstone.server import Scratch, Server

Both = tuple["Catalog", "Catalog"]
ONLINE = Options(lowest=15)
OFFLINE = Options(lowest=15, online=False)
STRICT = Options(lowest=15, strict=True)
#: No statement makes an index that is not valid.
IMPOSSIBLE = "index invalid"
#: What is no difference to a plan that may leave columns in another order.
COSMETIC = "column order"
pytestmark = pytest.mark.pg("!= 16, != 17")


@pytest.fixture(scope="module")
def catalogs_of() -> Callable[[Scratch], Both]:
    """The catalogs of all the old models and of all the new ones, read once on each server."""
    known: dict[int, Both] = {}

    def read_both(scratch: Scratch) -> Both:
        major = scratch.workspace.server.version.major
        if major not in known:
            pairs = models(major)
            old = [(schema, pair[0]) for schema, pair in pairs.items()]
            new = [(schema, pair[1]) for schema, pair in reversed(pairs.items())]
            known[major] = read(scratch, new, junk=True), read(scratch, old)
        return known[major][1], known[major][0]

    return read_both


@pytest.fixture
def catalogs(any_server: Server, scratch: Scratch, catalogs_of: Callable[[Scratch], Both]) -> Both:
    return catalogs_of(scratch)


@pytest.mark.parametrize("how", ["online", "offline", "strict", "in its newest forms"])
def test_all_the_changes_at_once(any_server: Server, scratch: Scratch, how: str) -> None:
    """Psql runs the plan from all the old models to all the new ones, and the plan back.

    What is for all versions is run on each; what is for later ones, on that which understands it.
    """
    newest = Options(lowest=any_server.version.major)
    options = {"online": ONLINE, "offline": OFFLINE, "strict": STRICT}.get(how, newest)
    if options == ONLINE and how != "online":
        pytest.skip("15 has no newer forms")
    pairs = models(any_server.version.major)
    del pairs[SCHEMAS[IMPOSSIBLE]]
    new = read(scratch, [(schema, pair[1]) for schema, pair in pairs.items()])
    old = read(scratch, [(schema, pair[0]) for schema, pair in pairs.items()])
    bring(scratch, old, new, options)
    bring(scratch, new, old, options)


@pytest.mark.parametrize("name", [n for n in SCHEMAS if n not in {IMPOSSIBLE, COSMETIC}])
def test_no_change_is_missed(name: str, any_server: Server, catalogs: Both) -> None:
    """Each of the changes by itself is a statement or more, there and back."""
    skip_unless_of(name, any_server)
    old, new = within(SCHEMAS[name], catalogs)
    assert plan(old, new).statements
    assert plan(new, old).statements


def test_the_order_of_columns_is_planned_where_it_is_asked_for(catalogs: Both) -> None:
    old, new = within(SCHEMAS[COSMETIC], catalogs)
    assert plan(old, new).statements == ()
    assert plan(old, new, STRICT).statements


def test_an_index_that_is_not_valid_is_built_anew_and_never_wanted(catalogs: Both) -> None:
    """What is left of a failed build is mended, and refused as a target."""
    good, bad = within(SCHEMAS[IMPOSSIBLE], catalogs)
    (statement,) = plan(bad, good).statements
    assert statement.sql.startswith("reindex index concurrently")
    with pytest.raises(NotPlannable, match="is not valid"):
        plan(good, bad)


@pytest.mark.parametrize("name", [name for name in PROBES if name not in SCHEMAS])
def test_a_change_outside_of_a_schema(name: str, any_server: Server, scratch: Scratch) -> None:
    """The same of what belongs to the database as a whole."""
    skip_unless_of(name, any_server)
    new = read(scratch, [("public", PROBES[name].new)])
    old = read(scratch, [("public", PROBES[name].old)])
    assert plan(old, new).statements
    bring(scratch, old, new)
    bring(scratch, new, old)


@pytest.mark.parametrize("name", UNCHANGED_SCHEMAS)
def test_nothing_is_planned_for_the_same_model(name: str, catalogs: Both) -> None:
    """However and in whatever order the model was made."""
    old, new = within(UNCHANGED_SCHEMAS[name], catalogs)
    for options in (ONLINE, STRICT):
        assert plan(old, new, options).statements == ()
        assert plan(new, old, options).statements == ()


@pytest.mark.parametrize("name", [name for name in UNCHANGED if name not in UNCHANGED_SCHEMAS])
def test_nothing_is_planned_for_the_same_schemas(
    name: str, any_server: Server, scratch: Scratch
) -> None:
    """The same of models that make schemas."""
    first, second = UNCHANGED[name]
    old = read(scratch, [("public", first)])
    assert plan(old, read(scratch, [("public", second)], junk=True)).statements == ()
