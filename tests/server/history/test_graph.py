# SPDX-License-Identifier: Apache-2.0
"""Graphs of every form, and the errors of those that are none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bedstone.errors import (
    BedstoneError,
    ConfigUnusable,
    DependencyMissing,
    EnvironmentScriptFailed,
    EnvironmentScriptIdle,
    HeadsAmbiguous,
    HistoryEmpty,
    HistoryInvalid,
    ProjectProcessLost,
    ProjectSyntaxError,
    ProjectTookTooLong,
    RevisionCycle,
    RevisionDuplicate,
    RevisionFileFailed,
    RevisionMissing,
)
from bedstone.history import loading

if TYPE_CHECKING:
    from bedstone.server import Scratch
    from conftest import Sample


def refusal(sample: Sample, scratch: Scratch, cls: type[BedstoneError], **settings: object) -> str:
    with pytest.raises(cls) as caught, sample.open(scratch, **settings):
        pass
    assert caught.value.hint
    return str(caught.value)


def test_branches_merges_labels_and_dependencies(sample: Sample, scratch: Scratch) -> None:
    sample.table("root")
    sample.table("left", "root", branch_labels=("west",))
    sample.table("right", "root", branch_labels="east")
    sample.table("deeper", "right")
    sample.table("merge", ("left", "deeper"))
    sample.table("island", depends_on="left")
    with sample.open(scratch) as history:
        by_id = {r.id: r for r in history.revisions}
        order = list(by_id)
        assert set(order) == {"root", "left", "right", "deeper", "merge", "island"}
        for revision in history.revisions:
            for below in (*revision.down, *revision.depends_on):
                assert order.index(below) < order.index(revision.id)
        assert by_id["merge"].is_merge
        assert set(by_id["merge"].down) == {"left", "deeper"}
        assert by_id["island"].depends_on == ("left",)
        assert by_id["left"].labels == ("west",)
        assert by_id["right"].labels == ("east",)
        assert {r.id for r in history.heads} == {"merge", "island"}
        assert {r.id for r in history.bases} == {"root", "island"}
        assert history.upgrade(scratch).ok
        assert set(history.current(scratch)) == {"merge", "island"}
        assert history.downgrade(scratch).ok
        assert history.current(scratch) == ()
        for revision in history.revisions:
            assert history.step(scratch, revision.id, "up").ok
        assert set(history.current(scratch)) == {"merge", "island"}
        for revision in reversed(history.revisions):
            assert history.step(scratch, revision.id, "down").ok
        assert history.current(scratch) == ()


def test_only_the_heads_that_are_asked_for(sample: Sample, scratch: Scratch) -> None:
    sample.table("root")
    sample.table("left", "root")
    sample.table("right", "root")
    with sample.open(scratch, heads=("left",)) as history:
        assert [r.id for r in history.revisions] == ["root", "left"]
        assert [r.id for r in history.unreached] == ["right"]
        assert history.upgrade(scratch).ok
        assert sample.tables(scratch) == {"root", "left"}


def test_two_heads_where_one_is_asked_for(sample: Sample, scratch: Scratch) -> None:
    sample.table("left")
    sample.table("right")
    assert "merge" in refusal(sample, scratch, HeadsAmbiguous, heads=("head",))


def test_a_cycle(sample: Sample, scratch: Scratch) -> None:
    sample.table("a", "b")
    sample.table("b", "a")
    assert "a" in refusal(sample, scratch, RevisionCycle)


def test_a_cycle_above_a_base(sample: Sample, scratch: Scratch) -> None:
    sample.table("root")
    sample.table("a", ("root", "b"))
    sample.table("b", "a")
    refusal(sample, scratch, RevisionCycle)


def test_a_cycle_of_dependencies(sample: Sample, scratch: Scratch) -> None:
    sample.table("a", depends_on="b")
    sample.table("b", "a")
    refusal(sample, scratch, RevisionCycle)


def test_a_revision_that_is_not_there(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    path = sample.table("b", "gone")
    text = refusal(sample, scratch, RevisionMissing)
    assert "revision gone is not there" in text
    assert str(path) in text


def test_a_revision_that_is_there_twice(sample: Sample, scratch: Scratch) -> None:
    first = sample.table("a")
    second = sample.root / "migrations/versions/copy.py"
    second.write_text(first.read_text())
    text = refusal(sample, scratch, RevisionDuplicate)
    assert str(first) in text
    assert str(second) in text


def test_the_same_folder_named_twice_is_no_duplicate(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    folder = str(sample.root / "migrations/versions")
    with sample.open(scratch, version_locations=(folder, folder)) as history:
        assert [r.id for r in history.revisions] == ["a"]


def test_a_label_that_two_branches_have(sample: Sample, scratch: Scratch) -> None:
    sample.table("a", branch_labels="x")
    sample.table("b", branch_labels="x")
    assert "x" in refusal(sample, scratch, HistoryInvalid)


def test_no_revision_at_all(sample: Sample, scratch: Scratch) -> None:
    assert "alembic revision" in refusal(sample, scratch, HistoryEmpty)


def test_no_folder_of_revisions(sample: Sample, scratch: Scratch) -> None:
    (sample.root / "migrations/versions").rmdir()
    refusal(sample, scratch, HistoryEmpty)


def test_a_syntax_error_in_a_revision(sample: Sample, scratch: Scratch) -> None:
    path = sample.revision("bad", upgrade="pass")
    path.write_text(path.read_text().replace("pass", "op.execute('"), encoding="utf-8")
    text = refusal(sample, scratch, ProjectSyntaxError)
    assert f"{path}, line 9 is not valid Python" in text
    assert "op.execute('" in text


def test_a_syntax_error_in_env_py(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    path = sample.write("migrations/env.py", "from alembic import context\nrun(\n")
    assert f"{path}, line 2 is not valid Python" in refusal(sample, scratch, ProjectSyntaxError)


def test_a_revision_that_cannot_be_loaded(sample: Sample, scratch: Scratch) -> None:
    path = sample.revision("bad", head="raise ValueError('no')")
    assert f"{path} cannot be loaded: ValueError: no" in refusal(
        sample, scratch, RevisionFileFailed
    )


def test_a_revision_without_an_id(sample: Sample, scratch: Scratch) -> None:
    path = sample.write("migrations/versions/bad.py", "def upgrade(): pass\n")
    assert str(path) in refusal(sample, scratch, RevisionFileFailed)


def test_a_revision_without_an_upgrade(sample: Sample, scratch: Scratch) -> None:
    sample.write("migrations/versions/a.py", "revision = 'a'\ndown_revision = None\n")
    with sample.open(scratch) as history:
        error = history.upgrade(scratch).error
    assert error is not None
    assert (error.revision, error.exception) == ("a", "AttributeError")


@pytest.mark.parametrize("place", ["env", "revision", "models"])
def test_a_module_that_the_project_lacks(sample: Sample, scratch: Scratch, place: str) -> None:
    sample.table("a")
    if place == "env":
        sample.env(imports="import no_such_module.inner")
    elif place == "models":
        sample.write("shop.py", "import no_such_module\n")
        sample.env(imports="import shop")
    else:
        sample.revision("b", "a", head="import no_such_module")
    text = refusal(sample, scratch, DependencyMissing)
    assert f"imports no_such_module, which {sys.executable} does not have" in text.replace(
        "no_such_module.inner", "no_such_module"
    )
    assert "-m pip install no_such_module" in text


def test_env_py_that_runs_nothing(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.write("migrations/env.py", "from alembic import context\n")
    refusal(sample, scratch, EnvironmentScriptIdle)


def test_env_py_that_raises(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    path = sample.write("migrations/env.py", "\nraise RuntimeError('not today')\n")
    text = refusal(sample, scratch, EnvironmentScriptFailed)
    assert f"{path}, line 2: RuntimeError: not today" in text


def test_env_py_that_is_not_there(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    (sample.root / "migrations/env.py").unlink()
    assert "env.py" in refusal(sample, scratch, EnvironmentScriptFailed)


def test_env_py_that_needs_a_variable_names_it(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.env(imports="import os\nos.environ['SHOP_DATABASE_URI']\nos.environ['SHOP_SECRET']")
    text = refusal(sample, scratch, EnvironmentScriptFailed)
    assert "--env 'SHOP_DATABASE_URI={url}'" in text


def test_a_script_location_that_is_not_there(sample: Sample, scratch: Scratch) -> None:
    sample.write("alembic.ini", "[alembic]\nscript_location = nowhere\n")
    assert "nowhere" in refusal(sample, scratch, ConfigUnusable)


def test_an_ini_file_without_a_script_location(sample: Sample, scratch: Scratch) -> None:
    sample.write("alembic.ini", "[alembic]\n")
    assert "script_location" in refusal(sample, scratch, ConfigUnusable)


def test_an_ini_file_that_cannot_be_read(sample: Sample, scratch: Scratch) -> None:
    path = sample.write("alembic.ini", "[alembic]\nscript_location = migrations\n[alembic]\n")
    assert refusal(sample, scratch, ConfigUnusable) == (
        f"BED103: {path}, line 3 cannot be read: section 'alembic' already exists\n"
        "  hint: Mend the file; nothing was run."
    )


def test_a_process_that_is_lost_while_loading(sample: Sample, scratch: Scratch) -> None:
    sample.table("a")
    sample.env(imports="import os; print('farewell', flush=True); os._exit(5)")
    assert "farewell" in refusal(sample, scratch, ProjectProcessLost)


def test_loading_that_hangs(
    sample: Sample, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "SHORTEST_LOADING_TIMEOUT", 3.0)
    sample.table("a")
    sample.env(imports="print('waiting', flush=True)\nimport time; time.sleep(60)")
    assert "waiting" in refusal(sample, scratch, ProjectTookTooLong, timeout=3)
