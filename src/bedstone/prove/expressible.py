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
_NEVER = frozenset({"owner", "acl", "security_labels", "privileges"})

#: The attributes that it has no word for in one kind.
_ATTRIBUTES = {
    "table": frozenset({
        "row_security", "force_row_security", "rls", "rls_forced", "replica_identity",
        "toast_options", "options", "of_type", "access_method",
    }),
    "column": frozenset({
        "storage", "compression", "statistics", "options", "fdw_options", "identity_owner",
        "statistics_target", "local", "inherited",
    }),
    "index": frozenset({
        "comment", "clustered", "replica_identity", "statistics", "valid", "statistics_targets",
        "storage_parameters",
    }),
    "constraint": frozenset({"validated", "no_inherit", "clustered", "replica_identity"}),
    "enum": frozenset({"comment"}),
    "domain": frozenset({"comment"}),
    "sequence": frozenset({"comment", "persistence"}),
}  # fmt: skip


def is_expressible(difference: Difference) -> bool:
    """Whether plain models could have said what *difference* (models to history) is about.

    A difference that is in the models' own words always is.
    """
    if difference.change == "removed":
        return True
    kind = difference.key.kind
    if difference.change == "added":
        return kind in KINDS
    if difference.attribute in _NEVER:
        return False
    if kind not in KINDS:
        return True
    return difference.attribute not in _ATTRIBUTES.get(kind, frozenset())
