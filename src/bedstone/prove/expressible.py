# SPDX-License-Identifier: Apache-2.0
"""What plain SQLAlchemy models can say, and so what their silence means.

Where models cannot say a thing, its absence from them is no drift: it is *not modelled*. Where
they do say it (some teams attach DDL to their metadata) it is compared like all else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedstone.catalog import Difference

#: The kinds that SQLAlchemy's metadata has elements for.
KINDS = frozenset({"table", "column", "constraint", "index", "enum", "domain", "sequence"})

#: The attributes that it has no word for, in any kind.
_NEVER = frozenset({"owner", "acl", "security_labels"})

#: The attributes that it has no word for in one kind.
_ATTRIBUTES = {
    "table": frozenset({
        "access_method", "clustered_on", "force_row_security", "foreign_options", "managed_by",
        "of_type", "options", "replica_identity", "row_security", "server", "tablespace",
        "toast_options",
    }),
    "column": frozenset({
        "compression", "constraint_comment", "foreign_options", "local", "not_null_local",
        "not_null_no_inherit", "options", "statistics", "storage",
    }),
    "index": frozenset({"attached_to", "comment", "depends_on_extensions", "statistics"}),
    "constraint": frozenset({
        "index_comment", "inherited_from", "local", "no_inherit", "options", "statistics",
        "tablespace",
    }),
    "enum": frozenset({"comment"}),
    "domain": frozenset({"comment", "constraint_comment"}),
    "sequence": frozenset({"comment", "persistence"}),
}  # fmt: skip

#: What an attribute is where nobody said anything.
_UNSAID = (None, (), False, "default", "heap", "permanent")

#: The attributes that are true where nobody said anything.
_TRUE_UNSAID = frozenset({"local", "not_null_local"})


def is_expressible(difference: Difference) -> bool:
    """Whether plain models could have said what *difference* (models to history) is about.

    What the models do say, by DDL attached to them, always is.
    """
    if difference.change == "removed":
        return True
    kind = difference.key.kind
    if difference.change == "added":
        return kind in KINDS
    if difference.attribute in _NEVER:
        return False
    if difference.attribute not in _ATTRIBUTES.get(kind, frozenset()):
        return True
    if difference.old is True:
        return difference.attribute not in _TRUE_UNSAID
    return difference.old not in _UNSAID
