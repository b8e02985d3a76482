# SPDX-License-Identifier: Apache-2.0
"""What functions name in bodies that are text: no dependency says it, and to call them needs it."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bedstone.catalog import Key
    from bedstone.plan.side import Side

#: What calls functions, or has their bodies put in its place, in the statement that makes it.
_CALLS = frozenset({"materialized view", "index", "constraint", "column"})
_ROUTINES = frozenset({"function", "procedure"})
_WORD = re.compile(r"\w+")


def mentions(made: Collection[Key], side: Side) -> Iterator[tuple[Key, Key]]:
    """Yield what is better made first, and what would call it: both among *made*.

    A name in a body may mean something else, so this is a wish and no need.
    """
    bodies = _Bodies(made, side)
    for key in sorted(made):
        if key.kind in _CALLS:
            for named in sorted(bodies.reached(key) - {key}):
                yield named, key


class _Bodies:
    """The names in the bodies of functions, as far as they are those of objects that are made."""

    def __init__(self, made: Collection[Key], side: Side) -> None:
        self._side = side
        self._named: defaultdict[str, set[Key]] = defaultdict(set)
        for key in made:
            if key.kind in _ROUTINES or key in side.parts or key.kind.endswith("view"):
                self._named[key.name].add(key)

    def reached(self, key: Key) -> set[Key]:
        """Return what bodies name that *key* calls, by way of views and other bodies, too."""
        found: set[Key] = set()
        seen, waiting = {key}, [key]
        while waiting:
            now = waiting.pop()
            named = self._words.get(now, frozenset())
            found |= named
            more = {*self._side[now].depends, *named} - seen
            seen |= more
            waiting += more
        return found

    @cached_property
    def _words(self) -> Mapping[Key, frozenset[Key]]:
        found = {}
        for item in self._side.catalog.of_kind(*_ROUTINES):
            words = set(_WORD.findall(str(item.attributes["body"] or "")))
            named = [self._named[word] for word in words & self._named.keys()]
            found[item.key] = frozenset().union(*named) - {item.key}
        return found
