# SPDX-License-Identifier: Apache-2.0
"""Each command, as a user types it: its output, its exit status, its errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from commands import BEDSTONE, bedstone
from planted import write_project, write_revision

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.server import Scratch, Server


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_project(tmp_path / "shop", upto=3)


def test_prove_ads_as_the_demo_does(tmp_path: Path) -> None:
    done = bedstone(tmp_path, "prove", "ads")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("ads · 8 revisions · PostgreSQL 18")
    assert "8 up, 8 down, 8 up: identical, pg_dump agrees" in done.stdout
    assert "✓ drift" in done.stdout
    assert done.stderr == ""


def test_json_has_the_documented_shape(shop: Path) -> None:
    done = bedstone(shop, "prove", ".", "--json")
    told = json.loads(done.stdout)
    assert (told["format"], told["exit"], told["revisions"]) == (1, done.returncode, 3)
    for proof in told["proofs"]:
        assert set(proof) == {
            "name", "status", "summary", "eligible", "checked", "excluded", "failed", "seconds",
            "findings",
        }  # fmt: skip
        assert proof["status"] in {"passed", "failed", "vacuous", "not-checked"}
        for finding in proof["findings"]:
            assert set(finding) == {
                "code", "severity", "revision", "object", "cause", "message", "detail", "hint",
                "evidence", "method", "baseline", "examples",
            }  # fmt: skip


@pytest.mark.parametrize("words", [["history", "--json"], ["prove", ".", "--format", "json"]])
def test_an_error_is_json_where_json_is_asked_for(shop: Path, words: list[str]) -> None:
    (shop / "alembic.ini").write_text("[alembic]\n")
    done = bedstone(shop, *words)
    told = json.loads(done.stdout)
    assert (told["exit"], told["error"]["code"]) == (done.returncode, "BED103") == (3, "BED103")
    assert set(told["error"]) == {"code", "message", "detail", "hint"}
    assert done.stderr.startswith(f"BED103: {told['error']['message']}\n")
    assert bedstone(shop, words[0]).stdout == ""


def test_sarif_leads_to_the_revision_file(tmp_path: Path) -> None:
    folder = write_project(tmp_path, faulty=True, upto=3)
    done = bedstone(folder, "prove", ".", "--format", "sarif")
    (run,) = json.loads(done.stdout)["runs"]
    places = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        if result["ruleId"] == "BED310"
    }
    assert places == {"migrations/versions/0003_planted.py"}
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} >= {"BED306", "BED310"}


def test_markdown_is_a_comment_with_a_table(tmp_path: Path) -> None:
    folder = write_project(tmp_path, faulty=True, upto=3)
    done = bedstone(folder, "prove", ".", "--format", "markdown")
    assert done.stdout.startswith("### ")
    assert "| ❌ | downgrades |" in done.stdout
    assert "`BED310`" in done.stdout


def test_only_runs_one_proof(shop: Path) -> None:
    told = json.loads(bedstone(shop, "prove", ".", "--only", "drift", "--json").stdout)
    assert [proof["name"] for proof in told["proofs"]] == ["drift"]


def test_no_colour_in_a_pipe(shop: Path) -> None:
    assert "\x1b" not in bedstone(shop, "prove", ".").stdout


def test_history_lists_what_there_is(shop: Path) -> None:
    done = bedstone(shop, "history", ".")
    assert done.stdout.splitlines() == ["0001 <- base", "0002 <- 0001", "0003 <- 0002 (head)"]
    assert [r["revision"] for r in json.loads(bedstone(shop, "history", "--json").stdout)] == [
        "0001",
        "0002",
        "0003",
    ]


def test_upgrade_status_and_downgrade_of_a_database_that_matters(
    shop: Path, scratch: Scratch
) -> None:
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    before = bedstone(shop, "status", env=env)
    assert before.returncode == 1
    assert "pending  0001" in before.stdout
    assert scratch.dsn.password
    assert scratch.dsn.password.reveal() not in before.stdout
    up = bedstone(shop, "upgrade", "--to", "0002", env=env)
    assert up.returncode == 0, up.stderr
    assert "2 revisions run" in up.stdout
    assert bedstone(shop, "upgrade", env=env).returncode == 0
    assert "nothing to do" in bedstone(shop, "upgrade", env=env).stdout
    assert bedstone(shop, "status", env=env).returncode == 0
    unsure = bedstone(shop, "downgrade", env=env)
    assert unsure.returncode == 2
    assert "BED403" in unsure.stderr
    assert bedstone(shop, "downgrade", "--yes", env=env).returncode == 0
    assert "pending  0003" in bedstone(shop, "status", env=env).stdout
    assert bedstone(shop, "downgrade", "--to", "base", "--yes", env=env).returncode == 0


def test_a_dry_run_prints_what_is_sent_and_changes_nothing(shop: Path, scratch: Scratch) -> None:
    env = {"BEDSTONE_DATABASE": scratch.dsn.url()}
    assert bedstone(shop, "upgrade", "--to", "0002", env=env).returncode == 0
    done = bedstone(shop, "upgrade", "--dry-run", env=env)
    assert done.returncode == 0, done.stderr
    assert "alter table orders add column stage order_state;" in done.stdout
    assert "UPDATE alembic_version SET version_num='0003'" in done.stdout
    assert "create table orders" not in done.stdout
    assert "pending  0003" in bedstone(shop, "status", env=env).stdout
    down = bedstone(shop, "downgrade", "--dry-run", env=env)
    assert "alter table orders drop column note;" in down.stdout


def test_a_failed_upgrade_says_where_the_database_stands(shop: Path, scratch: Scratch) -> None:
    versions = shop / "migrations/versions"
    write_revision(versions, "0004", "0003", "op.execute('select nothing')", "pass")
    done = bedstone(shop, "upgrade", env={"BEDSTONE_DATABASE": scratch.dsn.url()})
    assert done.returncode == 1
    assert "BED402: 0004 failed" in done.stderr
    assert "The database is now at base" in done.stderr


def test_diff_of_two_files(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("create table t (a int)")
    (tmp_path / "b.sql").write_text("create table t (a bigint); create index i on t (a)")
    done = bedstone(tmp_path, "diff", "a.sql", "b.sql")
    assert done.returncode == 1
    assert "meaningful column public.t.a: type integer → bigint" in done.stdout
    assert "meaningful index public.i: added" in done.stdout
    same = bedstone(tmp_path, "diff", "a.sql", "a.sql")
    assert (same.returncode, same.stdout) == (0, "no meaningful difference, 0 cosmetic\n")


def test_diff_of_a_saved_catalog(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("create table t (a int)")
    bedstone(tmp_path, "diff", "a.sql", "a.sql", "--save", "a.json")
    assert bedstone(tmp_path, "diff", "a.json", "a.sql").returncode == 0


def test_doctor_is_well_here(shop: Path) -> None:
    done = bedstone(shop, "doctor", ".", "--json")
    assert done.returncode == 0, done.stdout
    assert {c["name"] for c in json.loads(done.stdout)} >= {"python", "project", "server", "disk"}


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["prove", "nowhere"], "BED100", 2),
        (["prove", ".", "--only", "nothing"], "BED190", 2),
        (["prove", ".", "--since", "main"], "BED192", 2),
        (["prove", ".", "--server", "postgresql://u:s3cret@127.0.0.1:1/x"], "BED0", 3),
        (["prove", ".", "--server", "not a url"], "BED050", 2),
        (["upgrade", "."], "BED193", 2),
        (["diff", "nowhere.sql", "."], "BED100", 2),
    ],
)
def test_what_is_wrong_is_one_coded_error(
    shop: Path, arguments: list[str], code: str, status: int
) -> None:
    env = {"DATABASE_URL": "", "BEDSTONE_DATABASE": ""}
    done = bedstone(shop, *arguments, env=env)
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith(code), done.stderr
    assert "\n  hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


def test_a_file_that_cannot_be_written_is_said(shop: Path) -> None:
    """Root may write everywhere, so the folder is one that is not there."""
    done = bedstone(shop, "diff", ".", ".", "--save", "missing/catalog.json")
    assert done.returncode == 3
    assert done.stderr.startswith("BED195: missing/catalog.json cannot be used: no such file")


def _ours(server: Server) -> list[str]:
    with server.connect() as connection:
        rows = connection.execute(
            r"select datname from pg_database where datname ~ '^bedstone_[0-9a-f]{12}_' "
            "order by datname"
        ).fetchall()
    return [name for (name,) in rows]


def test_an_interrupt_that_falls_into_a_finalizer_comes_again(tmp_path: Path) -> None:
    """Python only prints what a finalizer raises, and the command would have gone on."""
    (tmp_path / "lose.py").write_text(
        "import sys, time\n"
        "from bedstone.cli import app as program\n"
        "class Thing:\n"
        "    def __del__(self):\n"
        "        raise KeyboardInterrupt\n"
        "@program.app.command('lose')\n"
        "def lose():\n"
        "    Thing()\n"
        "    time.sleep(30)\n"
        "sys.argv = ['bedstone', 'lose']\n"
        "program.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "lose.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "interrupted: what was made for this run is gone\n"


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1])
def test_an_interrupt_while_a_probe_says_farewell_leaves_nothing(
    shop: Path, tmp_path: Path, seconds: float
) -> None:
    """The last quarter of a second of a run: its process ends, its folder goes."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "end.py").write_text(
        "import signal, subprocess, sys\n"
        "from bedstone.probe import client\n"
        "wait = subprocess.Popen.wait\n"
        "def interrupted(self, timeout=None):\n"
        f"    signal.setitimer(signal.ITIMER_REAL, {seconds} or 1e-6)\n"
        "    subprocess.Popen.wait = wait\n"
        "    return wait(self, timeout)\n"
        "close = client.ProbeClient.close\n"
        "def closing(self):\n"
        "    subprocess.Popen.wait = interrupted\n"
        "    close(self)\n"
        "client.ProbeClient.close = closing\n"
        "from bedstone.__main__ import main\n"
        "sys.argv = ['bedstone', 'prove', '.']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "end.py")],
        cwd=shop,
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0, 3.5])
def test_nothing_stays_behind_whenever_it_is_ended(
    shop: Path, tmp_path: Path, number: signal.Signals, seconds: float
) -> None:
    """After SIGKILL the next command cleans up; after the others there is nothing to clean."""
    from bedstone.server import open_server

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = os.environ | {"TMPDIR": str(temporary)}
    with open_server() as server:
        process = subprocess.Popen(
            [str(BEDSTONE), "prove", "."],
            cwd=shop,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(seconds)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert "Traceback" not in stderr
        if number is signal.SIGKILL:
            assert bedstone(shop, "doctor", ".", env=env).returncode == 0
        assert _ours(server) == []
        assert list(temporary.iterdir()) == []
        assert not _children(process.pid)
        assert sorted(path.name for path in shop.iterdir()) == [
            "alembic.ini",
            "migrations",
            "models.py",
        ]


def _children(pid: int) -> list[str]:
    """The processes that name *pid* as their parent or group, as ps tells."""
    done = subprocess.run(
        ["ps", "-eo", "ppid=,pgid=,args="], check=True, capture_output=True, text=True
    )
    lines = [line.split(None, 2) for line in done.stdout.splitlines()]
    return [line[2] for line in lines if str(pid) in line[:2] and os.fspath(BEDSTONE) in line[2]]


def test_where_nothing_is_found_nothing_is_written(tmp_path: Path) -> None:
    folder = write_project(tmp_path)
    done = bedstone(folder, "accept", ".")
    assert (done.returncode, done.stdout) == (
        0,
        "nothing to accept: bedstone.lock stays as it is\n",
    )
    assert not (folder / "bedstone.lock").exists()


def test_variables_of_libpq_lead_nowhere_else(shop: Path) -> None:
    """Whoever works with a server of their own has some of them set."""
    env = {
        "PGSERVICE": "nowhere",
        "PGHOST": "192.0.2.1",
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": "1",
        "PGUSER": "nobody",
        "PGPASSWORD": "wrong",
        "PGSSLMODE": "verify-full",
        "PGOPTIONS": "-c statement_timeout=1",
        "PGTARGETSESSIONATTRS": "standby",
    }
    done = bedstone(shop, "prove", ".", "--only", "round-trip", env=env)
    assert (done.returncode, done.stderr) == (0, "")
