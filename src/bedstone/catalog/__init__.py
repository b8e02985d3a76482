# SPDX-License-Identifier: Apache-2.0
"""All that a database contains, read in one snapshot, immutable and comparable."""

from bedstone.catalog.comparison import compare, fold
from bedstone.catalog.difference import Change, Difference, Fold, Meaning
from bedstone.catalog.document import from_json, to_json
from bedstone.catalog.managers import without_managed
from bedstone.catalog.model import Attributes, Catalog, Key, Object, Unmodelled, Value
from bedstone.catalog.patterns import is_named
from bedstone.catalog.reading import read_addressed, read_catalog, read_snapshot
from bedstone.catalog.snapshot import Limits, Snapshot, in_snapshot
from bedstone.catalog.versions import level

__all__ = [
    "Attributes",
    "Catalog",
    "Change",
    "Difference",
    "Fold",
    "Key",
    "Limits",
    "Meaning",
    "Object",
    "Snapshot",
    "Unmodelled",
    "Value",
    "compare",
    "fold",
    "from_json",
    "in_snapshot",
    "is_named",
    "level",
    "read_addressed",
    "read_catalog",
    "read_snapshot",
    "to_json",
    "without_managed",
]
