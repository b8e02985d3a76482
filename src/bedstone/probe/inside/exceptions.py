# SPDX-License-Identifier: Apache-2.0
"""What an exception says, without bound values."""

from __future__ import annotations

import configparser
import os
import re
import sys
import traceback

from .trouble import AddressRefused, ProjectError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any
#: Libraries whose frames say nothing about the user's code.
LIBRARIES = (
    "alembic",
    "sqlalchemy",
    "greenlet",
    "anyio",
    "psycopg2",
    "psycopg",
    "asyncpg",
    "pg8000",
)
#: What an ini file's errors say of the place, which is told by itself, and of values.
_NO_MATTER = re.compile(
    r"^While reading from .*?\]: |(,? found|\.? Raw value): .*|: (PosixPath\()?'[^']*'\)?$"
)


def describe(error: BaseException, *, revision_path: str | None = None) -> dict[str, Any]:
    """Return what a person needs to know about *error*; never a bound value."""
    chain = list(causes(error))
    server = next((e for e in reversed(chain) if sqlstate_of(e)), None)
    told = server or error
    frames = own_frames(error)
    place = next((f for f in reversed(frames) if f.filename == revision_path), None)
    place = place or (frames[-1] if frames else None)
    file, line = (place.filename, place.lineno) if place else (None, None)
    config_file, config_line = config_place(error)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    elif config_file is not None:
        file, line = config_file, config_line
    facts = {
        "type": type_name(told),
        "outer_type": type_name(error),
        "message": first_line(told),
        "sqlstate": sqlstate_of(told) if server else None,
        "statement": next((s for s in map(statement_of, chain) if s), None),
        "file": file,
        "line": line,
        "text": (error.text or "").rstrip("\n") if isinstance(error, SyntaxError) else None,
        "traceback": "".join(traceback.format_list(frames)) + summary(error),
        "missing_module": missing_module(chain),
        "exit_status": error.code if isinstance(error, SystemExit) else None,
    }
    facts.update(server_fields(told) if server else {})
    if isinstance(error, ProjectError):
        facts["kind"] = error.kind
        facts.update(error.facts)
    elif any(isinstance(e, AddressRefused) for e in chain):
        facts["kind"] = "refused"
    elif config_file is not None:
        facts["kind"] = "configuration"
    return facts


def config_place(error: BaseException) -> tuple[str | None, int | None]:
    """Return which ini file cannot be read, and at which line."""
    source = getattr(error, "source", None)
    if not isinstance(error, configparser.Error) or source is None:
        return None, None
    lines = [number for number, _ in getattr(error, "errors", ())]
    return os.path.abspath(source), getattr(error, "lineno", None) or next(iter(lines), None)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, what it wraps and what it was raised from."""
    seen: list[int] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.append(id(one))
            yield one
            todo += [getattr(one, "orig", None), one.__cause__]
            todo += list(getattr(one, "exceptions", None) or ())


def sqlstate_of(error: BaseException) -> str | None:
    """Return the SQLSTATE, wherever the driver keeps it."""
    for name in ("pgcode", "sqlstate"):
        value = getattr(error, name, None)
        if isinstance(value, str) and len(value) == 5:
            return value
    fields = error.args[0] if error.args else None
    if isinstance(fields, dict) and isinstance(fields.get("C"), str):
        return str(fields["C"])
    return None


def server_fields(error: BaseException) -> dict[str, Any]:
    """Return the parts of the server's message. Details that quote rows are left out."""
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    diag = getattr(error, "diag", None)
    inner = error.__cause__ if diag is None and error.__cause__ is not None else error
    found: dict[str, Any] = {}
    for name, key in (("primary", "M"), ("detail", "D"), ("hint", "H")):
        value = fields.get(key)
        if value is None and diag is not None:
            value = getattr(diag, "message_" + name, None)
        if value is None and diag is None:
            value = getattr(inner, "message" if name == "primary" else name, None)
        found["server_" + name] = value if isinstance(value, str) else None
    primary = found.get("server_primary")
    if primary:
        found["message"] = primary.splitlines()[0]
    if (sqlstate_of(error) or "")[:2] in ("22", "23"):
        found["server_detail"] = None
    return found


def statement_of(error: BaseException) -> str | None:
    """Return the statement that failed, its values not among it."""
    value = getattr(error, "statement", None)
    return value.strip()[:4000] if isinstance(value, str) else None


def missing_module(chain: Sequence[BaseException]) -> str | None:
    """Return the module that an import did not find."""
    for error in chain:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return error.name
    return None


def type_name(error: BaseException) -> str:
    """Return the name of an exception's class, with its module where that tells something."""
    cls = type(error)
    if cls.__module__ in ("builtins", "__main__") or cls.__module__.startswith("_bedstone"):
        return cls.__name__
    return "%s.%s" % (cls.__module__, cls.__qualname__)


def first_line(error: BaseException) -> str:
    """Return the first line of the message, without SQLAlchemy's mention of the driver's class."""
    if isinstance(error, SystemExit):
        return "the code ended the process with status %r" % (error.code,)
    lines = str(error).strip().splitlines()
    if isinstance(error, configparser.Error):  # not where it is nor the value, which may be secret
        lines[:1] = [_NO_MATTER.sub("", lines[0])]
    return (lines[0] if lines else type(error).__name__)[:1000]


def summary(error: BaseException) -> str:
    """Return the last line of a traceback."""
    return "%s: %s\n" % (type_name(error), first_line(error))


def library_folders() -> list[str]:
    """Return the folders whose frames say nothing about the user's code."""
    folders = [os.path.dirname(os.path.abspath(__file__))]
    for name in LIBRARIES:
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if file:
            folders.append(os.path.dirname(os.path.abspath(file)))
    return folders


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the frames of the user's code, or all where there is none."""
    frames = list(traceback.extract_tb(error.__traceback__))
    folders = tuple(folder + os.sep for folder in library_folders())
    standard = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

    def is_own(frame: traceback.FrameSummary) -> bool:
        name = frame.filename
        if name.startswith(("<frozen", "<string>")) or name.startswith(folders):
            return False
        rest = name[len(standard) :] if name.startswith(standard) else "site-packages"
        return "site-packages" in rest or "dist-packages" in rest

    return [f for f in frames if is_own(f)] or [f for f in frames if "<frozen" not in f.filename]
