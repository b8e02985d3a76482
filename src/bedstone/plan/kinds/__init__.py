# SPDX-License-Identifier: Apache-2.0
"""Who writes the statements for each kind of objects."""

from bedstone.plan.kinds.casts import Casts, Collations, EncodingConversions, Transforms
from bedstone.plan.kinds.columns import Columns
from bedstone.plan.kinds.composites import AttributesOfTypes, Composites
from bedstone.plan.kinds.constraints import Constraints, DomainConstraints
from bedstone.plan.kinds.foreign import ForeignDataWrappers, Servers, UserMappings
from bedstone.plan.kinds.indexes import Indexes
from bedstone.plan.kinds.operators import OperatorClasses, OperatorFamilies, Operators
from bedstone.plan.kinds.privileges import DefaultPrivileges, Privileges, Settings
from bedstone.plan.kinds.publications import PublicationMembers, Publications, Subscriptions
from bedstone.plan.kinds.routines import Aggregates, Routines
from bedstone.plan.kinds.schemas import AccessMethods, Extensions, Languages, Schemas
from bedstone.plan.kinds.search import (
    SearchConfigurations,
    SearchDictionaries,
    SearchParsers,
    SearchTemplates,
)
from bedstone.plan.kinds.sequences import Sequences
from bedstone.plan.kinds.tables import Tables
from bedstone.plan.kinds.triggers import EventTriggers, Policies, Statistics, Triggers
from bedstone.plan.kinds.types import (
    BaseTypes,
    Domains,
    Enums,
    Ranges,
    ShellTypes,
)
from bedstone.plan.kinds.views import MaterializedViews, Rules, ViewColumns, Views
from bedstone.plan.kinds.writer import Writer

#: In the order in which objects are made where nothing else decides; indexes late, as most are
#: built in no transaction, which would part what stands aside for a moment from its return.
WRITERS: dict[str, Writer] = {
    "schema": Schemas(),
    "extension": Extensions(),
    "language": Languages(),
    "foreign data wrapper": ForeignDataWrappers(),
    "server": Servers(),
    "user mapping": UserMappings(),
    "collation": Collations(),
    "enum": Enums(),
    "composite": Composites(),
    "attribute": AttributesOfTypes(),
    "domain": Domains(),
    "domain constraint": DomainConstraints(),
    "range": Ranges(),
    "base type": BaseTypes(),
    "shell type": ShellTypes(),
    "sequence": Sequences(),
    "function": Routines(),
    "procedure": Routines(),
    "aggregate": Aggregates(),
    "text search parser": SearchParsers(),
    "text search template": SearchTemplates(),
    "text search dictionary": SearchDictionaries(),
    "text search configuration": SearchConfigurations(),
    "access method": AccessMethods(),
    "operator": Operators(),
    "operator family": OperatorFamilies(),
    "operator class": OperatorClasses(),
    "cast": Casts(),
    "transform": Transforms(),
    "conversion": EncodingConversions(),
    "table": Tables(),
    "foreign table": Tables(),
    "column": Columns(),
    "constraint": Constraints(),
    "view": Views(),
    "materialized view": MaterializedViews(),
    "view column": ViewColumns(),
    "rule": Rules(),
    "trigger": Triggers(),
    "policy": Policies(),
    "statistics": Statistics(),
    "event trigger": EventTriggers(),
    "index": Indexes(),
    "publication": Publications(),
    "publication table": PublicationMembers(),
    "publication schema": PublicationMembers(),
    "subscription": Subscriptions(),
    "default privileges": DefaultPrivileges(),
    "setting": Settings(),
    "privileges": Privileges(),
}

__all__ = ["WRITERS", "Writer"]
