# SPDX-License-Identifier: Apache-2.0
"""Compares the version table of a database with the files of its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.errors import AppliedFileChanged, AppliedFileMissing, FileOutOfOrder
from bedstone.history.form import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedstone.errors import BedstoneError
    from bedstone.history.files.collection import Collection, SqlFile
    from bedstone.history.files.ledger import Records
    from bedstone.history.files.naming import Version
    from bedstone.history.files.placeholders import Placeholders


def standing_of(
    collection: Collection,
    records: Records,
    placeholders: Callable[[SqlFile], Placeholders | None],
    *,
    out_of_order: bool,
) -> Standing:
    """Say which files are applied, which are others than they were, and which are not there.

    A repeatable file counts as applied while its checksum is the one that was recorded.
    """
    applied = [f for f in collection.versions if _is_applied(f, collection, records)]
    repeated = [f for f in collection.repeatables if _is_current(f, records, placeholders(f))]
    missing = tuple(_missing(collection, records))
    amiss = [*_changed(collection, records)]
    if missing:
        amiss.append(_not_there(missing))
    if not out_of_order:
        amiss += _late(collection, records)
    newest = records.newest
    numbers = {f.name.version: f.number for f in collection.versions}
    current = [numbers.get(newest, newest.text)] if newest is not None else []
    return Standing(
        current=(*current, *(f.number for f in repeated)),
        applied=frozenset(f.number for f in (*applied, *repeated)),
        unknown=missing,
        amiss=tuple(amiss),
        notes=tuple(
            f"{script} is half done: {half.done} of its statements are"
            for script, half in sorted(records.halves.items())
        ),
    )


def _version(file: SqlFile) -> Version:
    assert file.name.version is not None  # noqa: S101  its role has one
    return file.name.version


def _is_applied(file: SqlFile, collection: Collection, records: Records) -> bool:
    if file is collection.baseline and records.newest is not None:
        return True
    return records.covers(_version(file))


def _is_current(file: SqlFile, records: Records, placeholders: Placeholders | None) -> bool:
    """Whether a repeatable file is as it was run; Flyway records it filled in, or as it is."""
    entry = records.repeatables.get(file.name.description)
    if entry is None:
        return False
    if entry.checksum == file.checksum():
        return True
    return placeholders is not None and entry.checksum == file.checksum(placeholders)


def _changed(collection: Collection, records: Records) -> Iterator[BedstoneError]:
    for file in collection.versions:
        entry = records.versions.get(_version(file))
        below = records.baseline is not None and _version(file) <= records.baseline
        stood_for = file is collection.baseline and entry is not None and entry.type == "SQL"
        if entry is None or entry.checksum is None or below or stood_for:
            continue
        found = file.checksum()
        if found != entry.checksum:
            yield AppliedFileChanged(
                f"{file.path} was changed after the database applied it",
                detail=f"Its checksum was {entry.checksum} and is {found}. A new database would "
                "not become like this one.",
                hint="Bring it back as it was, and write the change as a new file.",
            )


def _missing(collection: Collection, records: Records) -> Iterator[str]:
    there = {_version(file) for file in collection.versions}
    baseline = collection.baseline
    for version, entry in sorted(records.versions.items()):
        stood_for = baseline is not None and version <= _version(baseline)
        if version not in there and not stood_for:
            yield entry.name
    descriptions = {file.name.description for file in collection.repeatables}
    for description, entry in sorted(records.repeatables.items()):
        if description not in descriptions:
            yield entry.script


def _not_there(names: tuple[str, ...]) -> BedstoneError:
    return AppliedFileMissing(
        f"the database has applied {', '.join(names)}, and there is no file for it",
        detail="A new database would not become like this one.",
        hint="Bring the file back, or name the folder that it is in: sql_files in bedstone.toml",
    )


def _late(collection: Collection, records: Records) -> Iterator[BedstoneError]:
    newest = records.newest
    for file in collection.versions:
        if newest is None or _is_applied(file, collection, records) or _version(file) > newest:
            continue
        yield FileOutOfOrder(
            f"{file.path} is older than {newest.text}, which the database has, and was not applied",
            detail="Run now, it would be run in another order than on a new database.",
            hint="Give it a newer version, or say that the order does not matter: "
            "out_of_order = true in bedstone.toml",
        )
