# SPDX-License-Identifier: Apache-2.0
"""Files are cut where the server itself would, and what cannot be run is said with its line."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedstone.errors import (
    BedstoneError,
    CopyDataUnusable,
    DirectiveUnknown,
    FileUndecodable,
    MetaCommand,
    PlaceholderUnknown,
)
from bedstone.history.files.lexing import split
from bedstone.history.files.placeholders import Placeholders
from bedstone.history.files.script import read_script

if TYPE_CHECKING:
    from pathlib import Path

    from bedstone.history.files.script import Script


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "V1__x.sql"


def read(path: Path, content: str | bytes, placeholders: Placeholders | None = None) -> Script:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_script(path, "utf-8", placeholders)


def texts(script: Script) -> list[str]:
    return [statement.text for statement in script.statements]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("select 1; select 2", ["select 1", "select 2"]),
        ("select ';'; select $$;$$; select $a$ $$;$$ $a$", None),
        ("select E'\\';'; select 2", ["select E'\\';'", "select 2"]),
        ("select 1 /* ; /* ; */ ; */; -- ;\nselect 2", None),
        ('select 1 as "a;b"', ['select 1 as "a;b"']),
        ("create rule r as on insert to t do also (select 1; select 2)", None),
        (
            (
                "create function f() returns int begin atomic select 1; "
                "select case when true then 2 end; end; select 3"
            ),
            None,
        ),
        (";;\n-- x\n;", []),
        ("", []),
        ("\ufeffselect 1", ["select 1"]),
    ],
)
def test_statements_are_cut_at_their_ends(
    path: Path, content: str, expected: list[str] | None
) -> None:
    counts = {"select ';'": 3, "select 1 /": 2, "create rule": 1, "create func": 2}
    found = texts(read(path, content))
    if expected is None:
        assert len(found) == next(n for begin, n in counts.items() if content.startswith(begin))
    else:
        assert found == expected


def test_what_no_grammar_knows_is_cut_by_the_scanner(path: Path) -> None:
    """A newer server's syntax, or a mistake: whether it is SQL is for the server to say."""
    found = texts(
        read(path, "frobnicate ';' now; create procedure p() begin atomic select 1; end; select 1;")
    )
    assert found == [
        "frobnicate ';' now",
        "create procedure p() begin atomic select 1; end",
        "select 1",
    ]


def test_a_literal_without_an_end_is_left_to_the_server(path: Path) -> None:
    assert len(texts(read(path, "select 1; select 'never ends; select 2;"))) == 1


def test_lines_and_columns_are_those_of_the_file(path: Path) -> None:
    text = (
        "-- é\nselect 1;\n\n/* a\nb */ select\n  x, 'ü', y;\ncopy t from stdin;\n1\n\\.\nselect 2"
    )
    script = read(path, text)
    assert [statement.line for statement in script.statements] == [2, 5, 7, 10]
    second = script.statements[1]
    assert second.place(second.text.index("y")) == (6, 10)


def test_lines_stay_right_behind_a_placeholder_of_several_lines(path: Path) -> None:
    filled = Placeholders({"body": "a,\nb,\nc"})
    script = read(path, "select ${body};\nselect 2;\nselect 3;", filled)
    assert [statement.line for statement in script.statements] == [1, 2, 3]


def test_the_data_of_copy_is_not_sql(path: Path) -> None:
    data = "1\t;\n2\t$$\n3\t'\n4\t\\\\.\n"
    text = f"COPY public.t (a,\n  b)\nFROM stdin; -- here\n{data}\\.\n\nselect 1;\n"
    script = read(path, text)
    assert texts(script) == ["COPY public.t (a,\n  b)\nFROM stdin", "select 1"]
    copied = script.statements[0].data
    assert copied is not None
    assert b"".join(copied.chunks()) == data.encode()
    assert copied.line == 4


@pytest.mark.parametrize(
    "text",
    [
        "select 'copy t from stdin;';\nselect 1;",
        "do $$ begin\n copy t from stdin;\n end $$;\nselect 1;",
        "-- copy t from stdin;\nselect 1;",
        "/*\ncopy t from stdin;\n*/ select 1;",
        "select 1 as stdin;\nselect 2;",
    ],
)
def test_what_only_looks_like_copy_is_none(path: Path, text: str) -> None:
    assert all(statement.data is None for statement in read(path, text).statements)


def test_a_backslash_and_a_dot_in_a_literal_end_nothing(path: Path) -> None:
    text = "select '\n\\.\n\\connect x\n';\nselect $$\n\\.\n$$;"
    assert len(texts(read(path, text))) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [("select 1;\ncopy t from stdin;\n1\n", 2), ("copy t from stdin; select 1;\n1\n\\.\n", 1)],
)
def test_data_without_an_end_or_a_line_of_its_own(path: Path, text: str, line: int) -> None:
    with pytest.raises(CopyDataUnusable, match=f"line {line}: "):
        read(path, text)


def test_data_is_read_in_constant_memory(path: Path) -> None:
    """Of 16 MB not more than a few blocks are ever in memory."""
    with path.open("wb") as file:
        file.write(b"create table t (a text);\ncopy t from stdin;\n")
        for _ in range(400_000):
            file.write(b"0123456789012345678901234567890123456789\n")
        file.write(b"\\.\nselect 1;\n")
    tracemalloc.start()
    try:
        script = read_script(path, "utf-8", Placeholders({"x": "y"}))
        data = script.statements[1].data
        assert data is not None
        assert sum(map(len, data.chunks())) == 400_000 * 41
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert texts(script)[2] == "select 1"


def test_a_long_file_is_cut_in_passages(path: Path) -> None:
    """A tree of the whole would take many times its room."""
    line = "insert into t values (1, 'x;y');\n"
    script = read(path, line * 40_000)
    assert len(script.statements) == 40_000
    assert script.statements[-1].line == 40_000
    assert len({id(statement.passage) for statement in script.statements}) > 1


@pytest.mark.parametrize(
    "command",
    ["\\connect shop", "\\c shop", "\\set x 1", "\\i other.sql", "\\gexec", "\\copy t from x"],
)
def test_a_command_of_psql_is_refused_with_its_line(path: Path, command: str) -> None:
    with pytest.raises(MetaCommand, match=r"line 3: \\\w+ is a command of psql"):
        read(path, f"select 1;\n\n{command}\nselect 2;")
    with pytest.raises(MetaCommand):
        read(path, f"select 1\n{command}\n")


def test_what_pg_dump_writes_is_run_as_it_is(path: Path) -> None:
    text = (
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET client_encoding = 'UTF8';\n"
        "COPY public.t (a) FROM stdin;\n1\n\\.\n\n\n\\unrestrict abc\n\n"
    )
    assert texts(read(path, text)) == [
        "SET client_encoding = 'UTF8'",
        "COPY public.t (a) FROM stdin",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"select 1;\nselect '\xe9';", "byte 18 is not UTF-8"),
        (b"select 1;\x00", "byte 9 is a NUL"),
        ("select 1".encode("utf-16"), "byte 0 begins UTF-16"),
        (b"copy t from stdin;\n\xff\n\\.\n", "byte 19 is not UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_named(path: Path, content: bytes, says: str) -> None:
    with pytest.raises(FileUndecodable, match=says):
        read(path, content)


def test_another_encoding_is_sent_as_utf_8(path: Path) -> None:
    path.write_bytes("select 'é';\ncopy t from stdin;\né\n\\.\n".encode("latin-1"))
    script = read_script(path, "iso8859-1", None)
    assert script.statements[0].text == "select 'é'"
    data = script.statements[1].data
    assert data is not None
    assert b"".join(data.chunks()) == "é\n".encode()


def test_placeholders_are_filled_in_data_too(path: Path) -> None:
    filled = Placeholders({"name": "x"})
    script = read(path, "select '${NAME}';\ncopy t from stdin;\n${name}\n\\.\n", filled)
    assert script.statements[0].text == "select 'x'"
    data = script.statements[1].data
    assert data is not None
    assert b"".join(data.chunks()) == b"x\n"


@pytest.mark.parametrize("text", ["select 1;\nselect '${other}';", "select 1;\nselect '${other"])
def test_a_placeholder_that_nothing_is_given_for(path: Path, text: str) -> None:
    with pytest.raises(PlaceholderUnknown, match=r"line 2: nothing is given for \$\{other"):
        read(path, text, Placeholders({"name": "x"}))


def test_a_directive(path: Path) -> None:
    assert read(path, "-- bedstone: no-transaction\nselect 1").directives == {"no-transaction"}
    with pytest.raises(DirectiveUnknown, match='line 1 asks for "no-transactoin"'):
        read(path, "-- bedstone: no-transactoin\nselect 1")


_PIECES = st.sampled_from(
    [
        "select 1",
        "select ';'",
        "select $x$;$x$",
        "insert into t values (1)",
        "frob ( a ; b )",
        "select E'\\';'",
        "create procedure p() begin atomic select 1; end",
        'select 1 as "x;"',
    ]
)
_BETWEEN = st.sampled_from([";", ";\n", ";;", "; -- x;\n", ";/* ; */"])


@given(st.lists(st.tuples(_PIECES, _BETWEEN), max_size=8))
def test_statements_come_back_as_they_were_put_together(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + between for piece, between in pieces)
    found = split(text)
    assert [piece for _, piece in found] == [piece for piece, _ in pieces]
    assert all(text[offset:].startswith(piece) for offset, piece in found)


@given(st.text(alphabet="ab;'\"$-/*\\()\n é", max_size=40))
def test_no_text_breaks_the_cutting(text: str) -> None:
    for offset, piece in split(text):
        assert text[offset:].startswith(piece)


def test_errors_of_files_are_coded(path: Path) -> None:
    with pytest.raises(BedstoneError) as caught:
        read(path, "\\q")
    assert str(caught.value).startswith(f"BED161: {path}, line 1: \\q is a command of psql")
