# SPDX-License-Identifier: Apache-2.0
"""Plans: the statements that turn one catalog into another, online-safe where rows can be."""

from bedstone.plan.candidates import Candidate
from bedstone.plan.change import Options
from bedstone.plan.document import statement_data, to_data
from bedstone.plan.hints import Rename, is_there, parse_rename
from bedstone.plan.inverse import read_inverses
from bedstone.plan.modelled import ModelRenames, model_renames
from bedstone.plan.planner import Plan, plan
from bedstone.plan.range import check_range, read_range
from bedstone.plan.renaming import Renaming, rename
from bedstone.plan.roles import check_roles
from bedstone.plan.script import render_script, split_script
from bedstone.plan.stakes import Method, Stake, read_stakes, unknown_stakes
from bedstone.plan.statement import Hazard, Statement, Transaction

__all__ = [
    "Candidate",
    "Hazard",
    "Method",
    "ModelRenames",
    "Options",
    "Plan",
    "Rename",
    "Renaming",
    "Stake",
    "Statement",
    "Transaction",
    "check_range",
    "check_roles",
    "is_there",
    "model_renames",
    "parse_rename",
    "plan",
    "read_inverses",
    "read_range",
    "read_stakes",
    "rename",
    "render_script",
    "split_script",
    "statement_data",
    "to_data",
    "unknown_stakes",
]
