# SPDX-License-Identifier: Apache-2.0
"""``bedstone revision`` writes what plain Alembic runs, and leaves nothing that does not hold."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import BEDSTONE, bedstone
from written import AFTER, BEFORE, Made

from bedstone.claims import read_lock
from bedstone.errors import (
    BedstoneError,
    DestructivePlan,
    HeadsAmbiguous,
    RevisionNotWritten,
    SideUnusable,
    WantedSideMissing,
)
from bedstone.history import Placement
from bedstone.prove import Status

if TYPE_CHECKING:
    import psycopg

    from bedstone.evolve import Written
    from bedstone.server import Scratch


RUFF = Path(sys.executable).with_name("ruff")


def statuses(written: Written) -> dict[str, Status]:
    assert written.verdict is not None
    return {proof.name: proof.status for proof in written.verdict.proofs}


@pytest.fixture
def shop(tmp_path: Path) -> Made:
    made = Made.by_template(tmp_path)
    made.models(BEFORE)
    return made


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Written]:
    """A project to which two revisions were written, and what came of the second."""
    made = Made.by_template(tmp_path_factory.mktemp("written"))
    made.models(BEFORE)
    first = made.write('the "first" \\ tables\nof them\u2028all', consent=False)
    assert first.is_kept
    assert [path.suffix for path in first.paths] == [".py"]
    made.models(AFTER)
    return made, made.write("more")


def test_a_chain_is_proven(written: tuple[Made, Written]) -> None:
    made, second = written
    assert second.is_kept, second.verdict
    assert len(second.paths) == len(second.draft.parts) > 1
    passed = {"round-trip", "downgrades", "locks", "one-by-one", "drift", "as-planned"}
    assert {name for name, status in statuses(second).items() if status is Status.PASSED} >= passed
    losses = {entry.object for entry in read_lock(made.root).accepted}
    tables = {"table public.customer", "table public.orders"}
    assert losses == {*tables, 'column public.orders."Größe"'}
    formatted = subprocess.run(
        [RUFF, "format", "--isolated", "--diff", *second.paths],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert [line for line in formatted.stdout.splitlines() if line.startswith("-   ")] == []
    assert made.write("nothing").paths == ()


def said_in(scratch: Scratch) -> list[object]:
    with scratch.connect() as session:
        rows = session.execute("select said(), obj_description('orders'::regclass)").fetchall()
    return list(rows[0])


SAID = ['a % b " \\: c :d', "it's :all 100%\n  two lines\t\n"]


def test_plain_alembic_runs_it_up_and_down(written: tuple[Made, Written], scratch: Scratch) -> None:
    made, _ = written
    for words in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
        assert made.alembic(scratch, *words).returncode == 0
    assert said_in(scratch) == SAID


def test_psql_runs_the_script_of_offline_mode(
    written: tuple[Made, Written], scratch: Scratch
) -> None:
    made, _ = written
    script = made.alembic(scratch, "upgrade", "head", "--sql").stdout
    pg_dump = scratch.workspace.server.pg_dump
    assert pg_dump is not None
    done = subprocess.run(
        [pg_dump.program.with_name("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=script, env=os.environ | scratch.dsn.libpq_env(), check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert made.alembic(scratch, "current").stdout.strip().endswith("(head)")
    function, comment = said_in(scratch)
    assert (function, comment) == (SAID[0], str(SAID[1]).replace("\t", "    "))  # Alembic's own


@pytest.mark.parametrize("way", ["together", "each by itself"])
def test_what_fails_half_way_goes_on_where_it_stopped(
    written: tuple[Made, Written], tmp_path: Path, scratch: Scratch, way: str
) -> None:
    """With one transaction for all revisions, which is Alembic's default, and with one for each."""
    made = Made(shutil.copytree(written[0].root, tmp_path / "copy"))
    env = made.root / "migrations/env.py"
    each = "connection=connection, transaction_per_migration=True, "
    if way == "each by itself":
        env.write_text(env.read_text().replace("connection=connection, ", each))
    first = next(path for path in (made.root / "migrations/versions").glob("*the_first*"))
    assert made.alembic(scratch, "upgrade", first.name.partition("_")[0]).returncode == 0
    with scratch.connect(autocommit=True) as session:
        session.execute("insert into customer values (1, 'a'), (2, 'a'), (3, null)")
        session.execute("insert into orders values (1, 1, 9)")
    for mend in (
        "update customer set email = 'c' where id = 3",
        "update orders set customer_id = 1",
        "update customer set email = 'b' where id = 2",
    ):
        assert made.alembic(scratch, "upgrade", "head").returncode != 0
        with scratch.connect(autocommit=True) as session:
            session.execute(mend.encode())
    assert made.alembic(scratch, "upgrade", "head").returncode == 0
    assert made.alembic(scratch, "downgrade", "base").returncode == 0


def test_what_does_not_hold_is_taken_away_again(shop: Made) -> None:
    shop.write("first")
    shop.models(BEFORE.replace('email", Text', 'email", Text, unique=True'))
    before, lock = shop.files(), (shop.root / "bedstone.lock").read_bytes()
    (shop.root / "migrations/script.py.mako").write_text(
        (shop.root / "migrations/script.py.mako").read_text().replace("${downgrades if", "${'' if")
    )
    written = shop.write("bigger")
    assert not written.is_kept
    assert "BED310" in {f.code for f in written.verdict.findings}  # type: ignore[union-attr]
    assert shop.files() == before
    assert (shop.root / "bedstone.lock").read_bytes() == lock
    kept = shop.write("bigger", keep=True)
    assert kept.is_kept
    assert {path.name for path in kept.paths} == {
        name.split("/")[-1] for name in shop.files() - before
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_where_it_is_ended(shop: Made, number: signal.Signals) -> None:
    before = shop.files()
    process = subprocess.Popen(
        [BEDSTONE, "revision", "-m", "ended"], cwd=shop.root, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while shop.files() == before and process.poll() is None:
        time.sleep(0.02)
    assert process.poll() is None
    process.send_signal(number)
    said = process.communicate()[1]
    for _ in range(100):
        if shop.files() == before:
            break
        time.sleep(0.1)
    assert shop.files() == before
    assert not list((shop.root / "migrations/versions").rglob("*.pyc"))
    assert number is signal.SIGKILL or process.returncode == 130, said


def test_what_would_be_lost_is_refused_unless_allowed(shop: Made) -> None:
    shop.write("first")
    shop.models(BEFORE.replace(', Column("email", Text)', ""))
    before = shop.files()
    with pytest.raises(DestructivePlan, match=r"of column public\.customer\.email\n"):
        shop.write("away", consent=False)
    done = bedstone(shop.root, "revision", "-m", "away")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("BED241")
    shown = bedstone(shop.root, "revision", "-m", "away", "--dry-run")
    assert 'op.execute("alter table public.customer drop column email")' in shown.stdout
    assert shop.files() == before
    done = bedstone(shop.root, "revision", "-m", "away", "--allow-destructive", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["kept"], told["losses"]) == (
        0, True, ["column public.customer.email"],
    )  # fmt: skip
    assert told["accepted"] == [f"upgrade of {told['revisions'][0]} loses {told['losses'][0]}"]


def test_refusals_leave_nothing_behind(shop: Made, tmp_path: Path) -> None:
    shop.revision("one", None)
    shop.revision("two", "one")
    before = shop.files()

    def refused(error: type[BedstoneError], match: str, **order: object) -> None:
        with pytest.raises(error, match=match):
            shop.write("x", **order)
        assert shop.files() == before

    refused(
        RevisionNotWritten,
        r"there is a revision one already\n  hint: Give another --rev-id, or leave it out\.",
        place=Placement(rev_id="one"),
    )
    refused(RevisionNotWritten, "one is not a head", place=Placement(head="one"))
    refused(RevisionNotWritten, "not represented", place=Placement(version_path=str(tmp_path)))
    shop.ini("^# file_template = .*$", "file_template = two")
    before = shop.files()
    refused(RevisionNotWritten, "two.py is there already")
    shop.ini("^file_template = .*$", "file_template = no/such/%%(rev)s\npost_write_hooks = x\n"
             "hooks = x\nx.type = exec\nx.executable = false")  # fmt: skip
    shop.ini(r"^\[post_write_hooks\]$", "[post_write_hooks]\nhooks = x\nx.type = nothing")
    refused(RevisionNotWritten, "nothing")
    shop.revision("three", "one")
    before = shop.files()
    refused(HeadsAmbiguous, "has 2 heads: t")
    (shop.root / "migrations/versions/three.py").unlink()
    shop.revision("two", "one", "op.execute('select 1/0')")
    before = shop.files()
    refused(SideUnusable, "at two: division by zero")
    shop.revision("two", "one")
    shop.models('Table("t", metadata, Column("x", Integer, server_default=text("no()")))')
    refused(SideUnusable, r"models cannot be built: function no\(\) does not exist")
    shop.models("")
    refused(WantedSideMissing, "has no models")


def test_a_folder_that_cannot_be_written_to_is_said(shop: Made) -> None:
    versions = shop.root / "migrations/versions"
    versions.rmdir()
    versions.write_text("no folder")
    with pytest.raises(BedstoneError):
        shop.write("first")
    assert versions.read_text() == "no folder"


def test_names_branch_and_hooks_are_the_projects_own(tmp_path: Path, scratch: Scratch) -> None:
    """An asyncpg project with two branches in two folders, ids by number, and a formatter."""
    made = Made.by_template(tmp_path, "async", "asyncpg")
    env = tmp_path / "migrations/env.py"
    numbered = (
        "def number(context, revision, directives):\n"
        "    script = directives[0]\n"
        "    assert not script.upgrade_ops.is_empty()\n"
        "    known = context.script.walk_revisions()\n"
        "    script.rev_id = f'n{len(list(known)) + 1:03d}'\n"
    )
    text = env.read_text().replace(
        "target_metadata=target_metadata)",
        "target_metadata=target_metadata, process_revision_directives=number)",
    )
    env.write_text(text.replace("def do_run", f"{numbered}\n\ndef do_run"))
    made.ini("^# version_locations = .*$", "version_locations = migrations/versions:other")
    made.ini("^# file_template = .*$", "file_template = %%(year)d/%%(rev)s-%%(slug)s")
    made.ini("^path_separator = os", "path_separator = os\nrecursive_version_locations = true")
    made.ini(r"^# hooks = ruff$", "hooks = ruff\nruff.type = exec\nruff.executable = ruff\n"
             "ruff.options = format --isolated REVISION_SCRIPT_FILENAME")  # fmt: skip
    (tmp_path / "other").mkdir()
    made.revision("n001", None, head="branch_labels = ('main',)")
    made.revision("n002", None, head="branch_labels = ('side',)")
    made.models(BEFORE)
    place = Placement(head="side@head", version_path=str(tmp_path / "other"))
    first = made.write("First of all", place=place)
    assert first.is_kept, first.verdict
    assert first.ids == ("n003",)
    (path,) = first.paths
    assert path.parent.parent == tmp_path / "other"
    assert path.name == "n003-first_of_all.py"
    assert 'down_revision: Union[str, Sequence[str], None] = "n002"' in path.read_text()
    made.models(AFTER)
    second = made.write("Second", place=place)
    assert second.is_kept, second.verdict
    assert second.ids == tuple(f"n{n:03d}" for n in range(4, 4 + len(second.draft.parts)))
    assert made.alembic(scratch, "upgrade", "heads").returncode == 0


def test_sql_files_get_a_pair_each(tmp_path: Path) -> None:
    """Named as those that are there, split by transaction; the wanted schema is a file."""
    folder = tmp_path / "db/migration"
    folder.mkdir(parents=True)
    (folder / "V001__start.sql").write_text("create table t (id int primary key, a int);")
    (folder / "V001_9__more.sql").write_text("create table u (id int primary key);")
    (tmp_path / "wanted.sql").write_text(
        "create table u (id int primary key);"
        "create table t (id int primary key, a int references u);"
        "create index on t (a); comment on table t is 'it''s ${x}';"
    )
    made = Made(tmp_path)
    with pytest.raises(WantedSideMissing):
        made.write("refs")
    written = made.write("a refers: to ü", to=str(tmp_path / "wanted.sql"))
    assert written.is_kept, written.verdict
    names = {path.name for path in written.paths}
    described = "a_refers_to_ü"
    files = {f"{p}001_{9 + i}__{described}_{i}_of_2.sql" for p in "VU" for i in (1, 2)}
    assert {name for name in names if not name.endswith(".conf")} == files
    second = folder / f"V001_11__{described}_2_of_2.sql"
    assert second.read_text().startswith("-- bedstone: no-transaction\n")
    conf = (folder / f"V001_10__{described}_1_of_2.sql.conf").read_text()
    assert "placeholderReplacement=false" in conf
    assert made.write("x", to=str(tmp_path / "wanted.sql")).paths == ()
    (tmp_path / "bedstone.toml").write_text('models = "models:metadata"\n')
    made.models('Table("t", metadata, Column("id", Integer, primary_key=True),'
                'Column("a", ForeignKey("u.id", name="t_a_fkey"), index=False))\n'
                'Table("u", metadata, Column("id", Integer, primary_key=True))')  # fmt: skip
    by_models = made.write("by models")
    assert any(path.name.startswith("V001_12__by_models") for path in by_models.paths)
    assert by_models.is_kept, by_models.verdict


def test_rows_go_along_both_ways(shop: Made, scratch: Scratch) -> None:
    """Of a column with a new name and of one with another type, which is filled beside."""
    shop.write("first")
    shop.alembic(scratch, "upgrade", "head")
    with scratch.connect(autocommit=True) as session:
        session.execute("insert into customer select n, 'c' || n from generate_series(1, 300) n")
        session.execute("insert into orders select n, n % 7, n from generate_series(1, 300) n")
        before = rows(session)
    renamed = BEFORE.replace('Column("email"', 'Column("mail"')
    shop.models(renamed)
    told = bedstone(shop.root, "revision", "-m", "renamed")
    assert told.returncode == 1
    assert "--rename 'column public.customer.email=mail'" in told.stderr
    shop.models(
        renamed.replace('"mail", Text', '"mail", Text, info={"renamed_from": "email"}').replace(
            '"amount", Integer', '"amount", BigInteger'
        )
    )
    written = shop.write("renamed and wider", consent=False)
    assert written.is_kept, written.verdict
    shop.alembic(scratch, "upgrade", "head")
    with scratch.connect(autocommit=True) as session:
        assert rows(session) == before
        assert session.execute("select max(length(mail)) from customer").fetchone() == (4,)
        kind = "select pg_typeof(amount)::text from orders limit 1"
        assert session.execute(kind.encode()).fetchone() == ("bigint",)
    shop.alembic(scratch, "downgrade", f"-{len(written.ids)}")
    with scratch.connect(autocommit=True) as session:
        assert rows(session) == before
        assert session.execute("select max(length(email)) from customer").fetchone() == (4,)
        assert session.execute(kind.encode()).fetchone() == ("integer",)


_MOODS = """
from sqlalchemy.dialects.postgresql import ARRAY
mood = Enum({labels}, name="mood", metadata=metadata)
Table("people", metadata, Column("id", BigInteger, primary_key=True),
      Column("mood", mood, server_default="sad", nullable=False), Column("moods", ARRAY(mood)),
      Index(None, "mood", postgresql_where=text("mood <> 'ok'")),
      CheckConstraint("mood <> 'ok' or id > 0", name="good"))
Table("event", metadata, Column("day", Date, primary_key=True),
      Column("id", {id}, primary_key=True, autoincrement=False), Column("mood", mood),
      postgresql_partition_by="range (day)")
event.listen(metadata, "after_create", DDL(
    "create table event_all partition of event default"))
"""


def test_an_enum_and_partitions_go_along_both_ways(shop: Made, scratch: Scratch) -> None:
    """Labels that go or change places, and a key over partitions: nobody is kept out."""
    shop.models(_MOODS.format(labels='"sad", "ok", "odd"', id="Integer"))
    shop.write("first")
    shop.alembic(scratch, "upgrade", "head")
    with scratch.connect(autocommit=True) as session:
        session.execute("insert into people values (1, 'ok', '{sad,ok}'), (2, 'odd', null)")
        session.execute("insert into event values ('2020-01-01', 1, 'ok'), ('2020-01-02', 1, null)")
    shop.models(_MOODS.format(labels='"ok", "sad"', id="BigInteger"))
    written = shop.write("fewer moods", consent=False)
    assert written.is_kept, written.verdict
    assert [finding for finding in written.verdict.findings if finding.severity == "error"] == []
    assert shop.alembic(scratch, "upgrade", "head").returncode != 0
    values = (
        b"select array(select (id, mood, moods)::text from people order by id)::text,"
        b" array(select (day, id, mood)::text from event order by day)::text"
    )
    with scratch.connect(autocommit=True) as session:
        session.execute("update people set mood = 'sad' where mood = 'odd'")
        wanted = session.execute(values).fetchall()
    for words, bits in (("upgrade", "head"), 64), (("downgrade", f"-{len(written.ids)}"), 32):
        assert shop.alembic(scratch, *words).returncode == 0
        with scratch.connect(autocommit=True) as session:
            assert session.execute(values).fetchall() == wanted
            kind = session.execute("select pg_column_size(id) * 8 from event limit 1").fetchone()
            assert kind == (bits,)


def rows(session: psycopg.Connection) -> list[tuple[str, ...]]:
    """Return the values of both tables, whatever their columns are called and where they are."""
    return session.execute(
        "select array(select value from jsonb_each_text(to_jsonb(c)) order by value)::text, "
        "array(select value from jsonb_each_text(to_jsonb(o)) order by value)::text "
        "from customer c join orders o using (id) order by id"
    ).fetchall()
