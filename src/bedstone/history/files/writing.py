# SPDX-License-Identifier: Apache-2.0
"""Writes SQL files into a history, named as those that are there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bedstone.errors import RevisionNotWritten
from bedstone.history.files.naming import Version
from bedstone.history.writing import NO_TRANSACTION, note_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bedstone.history.files.collection import Collection, SqlFile
    from bedstone.history.files.configuration import Configuration
    from bedstone.history.writing import NewRevision, Placement

_LONGEST = 60
_TIMES = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M"}
_VERSION = re.compile(r"\d+(?:[._]\d+)*")


def write_files(
    revisions: Sequence[NewRevision],
    place: Placement,
    collection: Collection,
    configuration: Configuration,
    *,
    folder: Path,
    journal: Path,
) -> tuple[str, ...]:
    """Write a file up and one down for each of *revisions*; return their versions.

    *folder* is where the first file of all goes; others go beside the last one that is there.

    Raises:
        RevisionNotWritten: there is no version left for it, or the text cannot be written.
    """
    last = collection.versions[-1] if collection.versions else None
    undo = collection.undos.get(last.name.version) if last and last.name.version else None
    up_folder = last.path.parent if last else folder
    down_folder = undo.path.parent if undo else up_folder
    naming = configuration.naming
    suffix = last.path.suffix if last else naming.suffixes[0]
    raw, written = _raw(last, configuration), []
    for number, revision in enumerate(revisions):
        given = place.rev_id if not number else None
        raw = _given(given, raw) if given else _next(raw)
        name = f"{raw}{naming.separator}{_described(revision.message)}{suffix}"
        for path, text in (
            (up_folder / (naming.version + name), revision.upgrade),
            (down_folder / (naming.undo + name), revision.downgrade),
        ):
            _write(path, text, configuration, journal)
        written.append(Version(raw.replace("_", ".")).text)
    return tuple(written)


def _raw(last: SqlFile | None, configuration: Configuration) -> str | None:
    """Return the version of the last file as its name has it."""
    if last is None:
        return None
    text = last.path.name
    for prefix in (configuration.naming.version, configuration.naming.baseline):
        if prefix and text.startswith(prefix):
            match = _VERSION.match(text, len(prefix))
            if match:
                return match.group()
    return last.number


def _next(raw: str | None) -> str:
    """Return the version after *raw*: the time where it is one, else the last number and one."""
    if raw is None:
        return "1"
    if raw.isdigit() and len(raw) in _TIMES and raw.startswith(("19", "20")):
        now = datetime.now(UTC).strftime(_TIMES[len(raw)])
        if int(now) > int(raw):
            return now
    digits = re.search(r"\d+$", raw)
    assert digits is not None  # noqa: S101  a version ends in one
    following = str(int(digits.group()) + 1).zfill(len(digits.group()))
    return raw[: digits.start()] + following


def _given(text: str, last: str | None) -> str:
    if not _VERSION.fullmatch(text):
        raise RevisionNotWritten(f'"{text}" is no version', hint="Give numbers: --rev-id 1.2")
    newest = Version(last.replace("_", ".")) if last else None
    if newest is not None and not newest < Version(text.replace("_", ".")):
        raise RevisionNotWritten(
            f"version {text} does not come after {newest.text}",
            detail="A file with an older version would be out of order.",
            hint="Give a greater one, or leave --rev-id out.",
        )
    return text


def _described(message: str) -> str:
    words = "_".join(re.findall(r"\w+", message)) or "revision"
    while len(words.encode()) > _LONGEST:
        words = words[:-1]
    return words.rstrip("_")


def _write(path: Path, text: str, configuration: Configuration, journal: Path) -> None:
    try:
        data = text.encode(configuration.encoding)
    except UnicodeEncodeError as error:
        raise RevisionNotWritten(
            f"{path.name} cannot be written in {configuration.encoding}: {error.reason}",
            hint='Let the files be UTF-8: encoding = "utf-8" in flyway.toml',
        ) from error
    if path.exists():
        raise RevisionNotWritten(
            f"the file {path} is there already", hint="Move it away, or give --rev-id."
        )
    note_path(journal, path)
    path.write_bytes(data)
    said = []
    if text.startswith(NO_TRANSACTION):
        said.append("executeInTransaction=false\n")  # Flyway does not know our word for it
    if configuration.placeholder_replacement and configuration.placeholder_prefix in text:
        said.append("placeholderReplacement=false\n")
    if said:
        beside = path.with_name(path.name + ".conf")
        note_path(journal, beside)
        beside.write_text("".join(said), encoding="utf-8")
