# SPDX-License-Identifier: Apache-2.0
"""The one shape of what writes the statements for a kind of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.plan.spelling import path, word_of
from bedstone.plan.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.catalog import Key, Object
    from bedstone.plan.change import Change, Scene


class Writer:
    """Writes how objects of one kind are made, changed and dropped.

    Owner, privileges, comments and labels are written elsewhere, for all kinds alike.
    """

    def create(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Write what makes *item*, an object of side b."""
        raise NotImplementedError

    def drop(self, item: Object, scene: Scene) -> Iterator[Statement]:
        """Write what drops *item*, an object of side a."""
        yield Statement(f"drop {word_of(item.key)} {path(item.key)}", item.key)

    def can_alter(self, change: Change) -> bool:
        """Whether :meth:`alter` can bring the change about; else it is dropped and made again."""
        return False

    def alter(self, change: Change) -> Iterator[Statement]:
        """Write what changes an object."""
        raise NotImplementedError

    def makes_anew(self, change: Change) -> bool:
        """Whether :meth:`alter` puts a new object in place of the old: nothing of it is kept."""
        return False

    def disturbs(self, change: Change) -> Iterator[Key]:
        """Yield what cannot stand while the object is changed: dropped before, made again after."""
        yield from ()
