# SPDX-License-Identifier: Apache-2.0
"""Templates that outlive their run."""

from __future__ import annotations

from bedstone.server.cache import evict
from bedstone.server.names import cached_name


def run(database, *statements):
    with database.connect(autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def cached(server):
    with server.connect() as connection:
        rows = connection.execute(
            "select datname::text from pg_database where datname like 'bedstone_t_%'"
        ).fetchall()
    return {name for (name,) in rows}


def forget_all(server):
    with server.connect() as control:
        evict(server, control, most=0)


def test_a_template_is_there_for_the_next_run_with_its_roles(any_server):
    forget_all(any_server)
    with any_server.workspace("first") as workspace:
        scratch = workspace.scratch("a")
        run(
            scratch,
            "create role cached_role login",
            "create table t (id int)",
            "alter table t owner to cached_role",
        )
        template = scratch.save("head", cache_key="head:1")
        assert template.name == cached_name("head:1")
    with any_server.workspace("second") as workspace:
        assert workspace.cached("head:2") is None
        assert "cached_role" not in workspace.known_roles
        scratch = workspace.scratch("b", template=workspace.cached("head:1"))
        with scratch.connect() as connection:
            assert connection.execute(
                "select tableowner::text from pg_tables where tablename = 't'"
            ).fetchone() == ("cached_role",)
        run(scratch, "drop owned by cached_role", "drop role cached_role")
    assert cached(any_server) == {cached_name("head:1")}
    forget_all(any_server)


def test_the_longest_unused_goes_first_and_one_in_use_stays(server):
    forget_all(server)
    with server.workspace("first") as workspace:
        scratch = workspace.scratch("a")
        for key in ("one", "two", "three"):
            scratch.save(key, cache_key=key)
    with server.workspace("second") as workspace, server.connect() as control:
        assert workspace.cached("one") is not None
        assert evict(server, control, most=2) == (cached_name("two"),)
        assert evict(server, control, most=0) == (cached_name("three"),)
        assert cached(server) == {cached_name("one")}
        workspace.scratch("b", template=workspace.cached("one"))
    with server.connect() as control:
        assert evict(server, control, most_bytes=1) == (cached_name("one"),)


def test_two_runs_that_save_the_same_content_keep_one(server):
    forget_all(server)
    with server.workspace("first") as first, server.workspace("second") as second:
        one, two = first.scratch("a"), second.scratch("a")
        kept = one.save("x", cache_key="same")
        own = two.save("x", cache_key="same")
        assert kept.name == cached_name("same")
        assert own.name != kept.name
        two.reset(own)
    assert cached(server) == {cached_name("same")}
    forget_all(server)
