# SPDX-License-Identifier: Apache-2.0
"""The SQL files of a history, sorted into versions, undo files, repeatable files and callbacks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedstone.errors import FileDuplicate, FlywayUnsupported, HistoryEmpty
from bedstone.history.files.checksum import checksum, checksum_of
from bedstone.history.files.configuration import FileConfiguration, read_file_configuration
from bedstone.history.files.naming import CALLED, REFUSED, FileName, Role, Version
from bedstone.history.files.text import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bedstone.history.files.configuration import Configuration
    from bedstone.history.files.placeholders import Placeholders


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file. *script* is its path as the version table has it, *beside* its ``.conf``."""

    path: Path
    script: str
    name: FileName
    configuration: FileConfiguration
    encoding: str
    beside: tuple[Path, ...] = ()

    @property
    def number(self) -> str:
        """What the revision is called: its version, or a repeatable file's whole name."""
        if self.name.version is not None:
            return self.name.version.text
        return self.path.name[: -len(self.path.suffix)]

    @property
    def is_repeatable(self) -> bool:
        """Whether it is run whenever it changes."""
        return self.name.role is Role.REPEATABLE

    def checksum(self, placeholders: Placeholders | None = None) -> int:
        """Return its checksum, with *placeholders* filled in where they are given."""
        if placeholders is None and self.encoding == "utf-8":
            return checksum_of(self.path)
        lines = (line for _, line in read_lines(self.path, self.encoding))
        if placeholders is None:
            return checksum(lines)
        return checksum(
            placeholders.fill(line, path=self.path, number=number)
            for number, line in enumerate(lines, 1)
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """All files of a history. *versions* are in order, *repeatables* by their description."""

    versions: tuple[SqlFile, ...]
    undos: Mapping[Version, SqlFile]
    repeatables: tuple[SqlFile, ...]
    callbacks: Mapping[str, tuple[SqlFile, ...]]
    notes: tuple[str, ...]

    @property
    def revisions(self) -> tuple[SqlFile, ...]:
        """What an upgrade of an empty database runs, in order."""
        return self.versions + self.repeatables

    @property
    def baseline(self) -> SqlFile | None:
        """The file that stands for versions that are not there any more."""
        first = self.versions[0] if self.versions else None
        return first if first is not None and first.name.role is Role.BASELINE else None


def collect(folders: Sequence[Path], configuration: Configuration) -> Collection:
    """Read the names of all files in *folders*, however deep; hidden folders are left out.

    Raises:
        BedstoneError: they are no history; one class for each reason, BED150 to BED165.
    """
    files = list(_files(folders, configuration))
    by_role = {role: [f for f in files if f.name.role is role] for role in Role}
    notes: list[str] = []
    _refuse_twins(by_role[Role.VERSION], "version")
    _refuse_twins(by_role[Role.UNDO], "undo file of version")
    _refuse_twins(by_role[Role.REPEATABLE], "repeatable file")
    versions = _with_baseline(by_role[Role.VERSION], by_role[Role.BASELINE], notes)
    versions.sort(key=_version)
    if not versions and not by_role[Role.REPEATABLE]:
        raise HistoryEmpty(
            "the history has no file",
            detail=f"There is none in {', '.join(map(str, folders))}.",
            hint="Write the first: V1__start.sql",
        )
    known = {_version(file) for file in versions}
    undos = {_version(file): file for file in by_role[Role.UNDO]}
    notes += [f"{f.path.name} undoes no version that is there" for v, f in undos.items()
              if v not in known]  # fmt: skip
    return Collection(
        tuple(versions),
        undos,
        tuple(sorted(by_role[Role.REPEATABLE], key=lambda f: f.name.description)),
        _callbacks(by_role[Role.CALLBACK], notes),
        tuple(notes),
    )


def _version(file: SqlFile) -> Version:
    assert file.name.version is not None  # noqa: S101  its role has one
    return file.name.version


def _files(folders: Iterable[Path], configuration: Configuration) -> Iterator[SqlFile]:
    seen: set[Path] = set()
    for folder in folders:
        for path in _walk(folder):
            name = configuration.naming.read(path.name)
            if name is None or path.resolve() in seen:
                continue
            seen.add(path.resolve())
            conf = path.with_name(path.name + ".conf")
            own = read_file_configuration(conf) if conf.is_file() else FileConfiguration()
            yield SqlFile(
                path,
                path.relative_to(folder).as_posix(),
                name,
                own,
                own.encoding or configuration.encoding,
                (conf,) if conf.is_file() else (),
            )


def _walk(folder: Path) -> Iterator[Path]:
    for here, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(here, file) for file in sorted(files))


def _refuse_twins(files: list[SqlFile], what: str) -> None:
    seen: dict[object, SqlFile] = {}
    for file in files:
        key = file.name.version or file.name.description
        twin = seen.setdefault(key, file)
        if twin is not file:
            raise FileDuplicate(
                f"{what} {file.name.version.text if file.name.version else file.name.description} "
                f"is there twice: {twin.path} and {file.path}",
                detail="Nobody can say which of them is meant.",
                hint="Give one of them another version, or name the folder that is meant: "
                'sql_files = ["db/migration"]',
            )


def _with_baseline(
    versions: list[SqlFile], baselines: list[SqlFile], notes: list[str]
) -> list[SqlFile]:
    """Add the newest baseline where it stands for versions that are not there."""
    baselines.sort(key=_version)
    notes += [f"{f.path.name} is an older baseline and is not run" for f in baselines[:-1]]
    for file in baselines[-1:]:
        if any(_version(other) <= _version(file) for other in versions):
            notes.append(f"{file.path.name} is not run: the versions that it stands for are there")
        else:
            return [file, *versions]
    return list(versions)


def _callbacks(files: list[SqlFile], notes: list[str]) -> dict[str, tuple[SqlFile, ...]]:
    found: dict[str, list[SqlFile]] = {}
    for file in sorted(files, key=lambda f: f.name.description):
        event = file.name.event or ""
        if event in REFUSED:
            raise FlywayUnsupported(
                f"{file.path} is a callback for {event}, which bedstone does not call",
                detail="Left out, the files would be run otherwise than Flyway does.",
                hint=f"Called are {', '.join(sorted(CALLED))}.",
            )
        if event in CALLED:
            found.setdefault(event, []).append(file)
        else:
            notes.append(f"{file.path.name} is not run: bedstone has no command that calls it")
    return {event: tuple(several) for event, several in found.items()}
