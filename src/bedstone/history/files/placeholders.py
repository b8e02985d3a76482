# SPDX-License-Identifier: Apache-2.0
"""``${name}`` in SQL files, as Flyway fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedstone.errors import PlaceholderUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Names, in any case of letters, and the texts to put in their place."""

    values: Mapping[str, str]
    prefix: str = "${"
    suffix: str = "}"

    def fill(self, line: str, *, path: Path, number: int) -> str:
        """Return *line*, which is line *number* of *path*, filled in.

        As in Flyway, nothing escapes a placeholder, and each is looked for once.

        Raises:
            PlaceholderUnknown: a name has no value.
        """
        if self.prefix not in line:
            return line
        parts: list[str] = []
        rest = line
        while True:
            before, prefix, after = rest.partition(self.prefix)
            parts.append(before)
            if not prefix:
                return "".join(parts)
            name, suffix, rest = after.partition(self.suffix)
            value = self.values.get(name.lower()) if suffix else None
            if value is None:
                raise self._unknown(name if suffix else name.strip(), path, number)
            parts.append(value)

    def _unknown(self, name: str, path: Path, number: int) -> PlaceholderUnknown:
        known = sorted(name for name in self.values if ":" not in name)
        return PlaceholderUnknown(
            f"{path}, line {number}: nothing is given for {self.prefix}{name}{self.suffix}",
            detail=f"Given are {', '.join(known)}." if known else "No placeholder is given.",
            hint=f'Give it in bedstone.toml: placeholders = {{ "{name}" = "…" }}, or turn them '
            "off: placeholder_replacement = false",
        )
