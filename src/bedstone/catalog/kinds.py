# SPDX-License-Identifier: Apache-2.0
"""What is said about the kinds of objects: the word for each, its owner, what weighs nothing."""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """What a difference in an attribute means."""

    MEANINGFUL = "meaningful"
    COSMETIC = "cosmetic"


#: Kinds whose key names a relation (or a domain) of their schema as parent, and of which kinds
#: that parent can be.
RELATIONS = ("table", "foreign table", "view", "materialized view")
PARENTS: dict[str, tuple[str, ...]] = {
    "column": RELATIONS,
    "view column": RELATIONS,
    "attribute": ("composite",),
    "constraint": RELATIONS,
    "index": RELATIONS,
    "trigger": RELATIONS,
    "rule": RELATIONS,
    "policy": RELATIONS,
    "domain constraint": ("domain",),
    "publication table": ("publication",),
    "publication schema": ("publication",),
    "user mapping": ("server",),
}

#: Kinds that are written with another word in front of their name than their own.
_WORDS = {
    "enum": "type",
    "composite": "type",
    "range": "type",
    "base type": "type",
    "shell type": "type",
    "view column": "column",
    "domain constraint": "constraint",
}

#: Differences that change nothing a client can meet: names PostgreSQL makes up by itself.
#: Or, in a child or partition, whether the child says beside its parent what both have.
COSMETIC = frozenset(
    {
        ("column", "not_null_name"),
        ("domain", "not_null_name"),
        ("column", "not_null_local"),
        ("column", "local"),
        ("constraint", "local"),
    }
)

#: Read, kept, never compared: either said by other attributes already (a view's columns follow
#: from its definition, a rule's event is in its text), or data and not schema (whether a
#: materialized view is populated, which extension makes and drops a table's partitions), or a
#: fact of the machine (the version of a collation's library). The order of a table's columns is
#: compared for the table as a whole, that of attributes for their type.
UNCOMPARED = frozenset(
    {
        ("column", "position"),
        ("attribute", "position"),
        ("view", "columns"),
        ("materialized view", "columns"),
        ("view", "populated"),
        ("materialized view", "populated"),
        ("rule", "event"),
        ("rule", "instead"),
        ("collation", "version"),
        ("table", "managed_by"),
    }
)


def word_for(kind: str) -> str:
    """Return the word that PostgreSQL puts before the name of an object of this kind."""
    return _WORDS.get(kind, kind)
