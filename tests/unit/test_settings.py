# SPDX-License-Identifier: Apache-2.0
"""Settings come from a file, from variables and from the command line, in that order of weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedstone.errors import SettingsInvalid
from bedstone.settings import Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path, environ={}) == Settings()


def test_the_command_line_goes_before_variables_and_those_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "bedstone.toml").write_text('driver = "psycopg2"\nsection = "a"\nname = "shop"\n')
    environ = {"BEDSTONE_DRIVER": "asyncpg", "BEDSTONE_SECTION": "b"}
    settings = read_settings(tmp_path, overrides={"section": "c"}, environ=environ)
    assert (settings.name, settings.driver, settings.section) == ("shop", "asyncpg", "c")


def test_pyproject_is_read_where_there_is_no_file_of_our_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.bedstone]\nheads = ["a", "b"]\n')
    assert read_settings(tmp_path, environ={}).heads == ("a", "b")


def test_variables_of_both_places_are_joined(tmp_path: Path) -> None:
    (tmp_path / "bedstone.toml").write_text('[env]\nA = "1"\nB = "2"\n')
    assert read_settings(tmp_path, overrides={"env": {"B": "3"}}, environ={}).env == {
        "A": "1",
        "B": "3",
    }


def test_each_history_inherits_what_it_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "bedstone.toml").write_text(
        'driver = "psycopg"\n[[histories]]\nname = "a"\n[[histories]]\nname = "b"\ndriver = "x"\n'
    )
    assert [s.driver for s in read_settings(tmp_path, environ={}).sources()] == ["psycopg", "x"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('drvier = "x"', 'bedstone.toml has no setting "drvier"'),
        ("timeout = -1", 'bedstone.toml sets "timeout" to something it cannot be'),
        ("timeout = ", "bedstone.toml is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bedstone.toml").write_text(text)
    with pytest.raises(SettingsInvalid, match=message):
        read_settings(tmp_path, environ={})
