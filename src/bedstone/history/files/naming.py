# SPDX-License-Identifier: Apache-2.0
"""What the name of a SQL file says, by Flyway's rules.

``V1.2__add_orders.sql``: a prefix, a version, two underscores, a description. Rules from
Flyway's ``ResourceNameParser`` and ``MigrationVersion``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import total_ordering

from bedstone.errors import FileNameInvalid


class Role(Enum):
    """What a file is for."""

    VERSION = "version"
    UNDO = "undo"
    REPEATABLE = "repeatable"
    BASELINE = "baseline"
    CALLBACK = "callback"


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version: numbers compared one by one, so 1.10 comes after 1.9, and 1.0 is 1.

    *text* is as the file has it, with dots for underscores.
    """

    text: str
    parts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        numbers = [int(part) for part in self.text.split(".")]
        while len(numbers) > 1 and numbers[-1] == 0:
            numbers.pop()
        object.__setattr__(self, "parts", tuple(numbers))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.parts == other.parts

    def __lt__(self, other: Version) -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


@dataclass(frozen=True, slots=True)
class FileName:
    """The parts of a file's name. *event* is what calls a callback."""

    role: Role
    version: Version | None
    description: str
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """The prefixes, the separator and the suffixes of a project's SQL files."""

    version: str = "V"
    undo: str = "U"
    repeatable: str = "R"
    baseline: str = "B"
    separator: str = "__"
    suffixes: tuple[str, ...] = (".sql",)

    def read(self, name: str) -> FileName | None:
        """Return what the file *name* says, ``None`` where it is no migration's.

        Raises:
            FileNameInvalid: it begins like a migration's and is none.
        """
        stem = self._stem(name)
        if stem is None:
            return None
        before, _, after = stem.partition(self.separator)
        if before in EVENTS:
            return FileName(Role.CALLBACK, None, after.replace("_", " "), before)
        for prefix, role in (
            (self.version, Role.VERSION),
            (self.undo, Role.UNDO),
            (self.repeatable, Role.REPEATABLE),
            (self.baseline, Role.BASELINE),
        ):
            if prefix and stem.startswith(prefix):
                return self._numbered(name, role, before.removeprefix(prefix), after, stem)
        return None

    def _stem(self, name: str) -> str | None:
        for suffix in self.suffixes:
            if name.lower().endswith(suffix.lower()):
                return name[: -len(suffix)]
        return None

    def _numbered(
        self, name: str, role: Role, number: str, after: str, stem: str
    ) -> FileName | None:
        description = after.replace("_", " ")
        if role is Role.REPEATABLE:
            if number:
                return (
                    self._refused(name, "a repeatable file has no version")
                    if (_looks_meant(number) and self.separator in stem)
                    else None
                )
            return FileName(role, None, description)
        text = number.replace("_", ".")
        if _VERSION.fullmatch(text):
            return FileName(role, Version(text), description)
        if self.separator in stem and (_looks_meant(number) or not number):
            return self._refused(name, f'"{number}" is no version')
        return None

    def _refused(self, name: str, why: str) -> FileName:
        raise FileNameInvalid(
            f"{name} is named like a migration and is none: {why}",
            detail="Left out, it would silently not be run.",
            hint=f"Name it {self.version}1.2{self.separator}description{self.suffixes[0]} or "
            f"{self.repeatable}{self.separator}description{self.suffixes[0]}, or otherwise.",
        )


_VERSION = re.compile(r"\d+(?:\.\d+)*")


def _looks_meant(number: str) -> bool:
    """Whether a text that is no version was probably meant as one."""
    return any(letter.isdigit() for letter in number)


#: Flyway's events that an upgrade or downgrade of ours meets too, and calls.
CALLED = frozenset(
    """
    beforeMigrate beforeEachMigrate afterEachMigrate afterVersioned beforeRepeatables
    afterMigrateApplied afterMigrate beforeUndo beforeEachUndo afterEachUndo afterUndo
    """.split()  # noqa: SIM905  reads better
)
#: Events of commands that bedstone has not: nothing of ours ever meets them.
ELSEWHERE = frozenset(
    """
    beforeClean afterClean afterCleanError beforeValidate afterValidate afterValidateError
    beforeBaseline afterBaseline afterBaselineError beforeRepair afterRepair afterRepairError
    beforeInfo afterInfo afterInfoError afterMigrateOperationFinish afterInfoOperationFinish
    """.split()  # noqa: SIM905  reads better
)
#: Events that would change what a run does and are not called.
REFUSED = frozenset(
    """
    beforeEachMigrateStatement afterEachMigrateStatement afterEachMigrateStatementError
    afterEachMigrateError afterMigrateError beforeEachUndoStatement afterEachUndoStatement
    afterEachUndoStatementError afterEachUndoError afterUndoError createSchema
    beforeCreateSchema beforeConnect afterConnect
    """.split()  # noqa: SIM905  reads better
)
EVENTS = CALLED | ELSEWHERE | REFUSED
