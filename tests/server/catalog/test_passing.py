# SPDX-License-Identifier: Apache-2.0
"""Relations that come and go while a catalog is read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bedstone.catalog import Catalog, read_catalog

if TYPE_CHECKING:
    from bedstone.server import Scratch

_COMES = """
    create temp table passing (a int primary key default 3, b text check (b is not null));
    create index on passing (lower(b));
    create statistics passing_ab on a, b from passing;
    create rule passing_rule as on insert to passing do also select 1;
    create temp view passing_view as select * from passing
"""


def test_temporary_tables_of_others_do_not_disturb(scratch: Scratch) -> None:
    stop = threading.Event()
    rounds = 0

    def come_and_go() -> None:
        nonlocal rounds
        with scratch.connect(autocommit=True) as conn:
            while not stop.is_set():
                conn.execute(_COMES.encode())
                conn.execute("drop table passing cascade")
                rounds += 1

    found: list[Catalog] = []
    with scratch.connect(autocommit=True) as conn:
        conn.execute("create table stays (a int primary key)")
        other = threading.Thread(target=come_and_go)
        other.start()
        try:
            found.extend(read_catalog(conn) for _ in range(15))
        finally:
            stop.set()
            other.join()
    assert rounds > len(found)
    assert {catalog.fingerprint for catalog in found} == {found[0].fingerprint}
    assert all(catalog.unmodelled == () for catalog in found)


def test_what_is_temporary_and_stays_is_in_no_catalog(scratch: Scratch) -> None:
    with scratch.connect(autocommit=True) as conn:
        before = read_catalog(conn)
        conn.execute(_COMES.encode())
        conn.execute("create trigger t before insert on passing for each row execute function "
                     "suppress_redundant_updates_trigger()")  # fmt: skip
        after = read_catalog(conn)
    assert after.objects == before.objects
    assert after.unmodelled == ()
