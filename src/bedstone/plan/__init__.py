# SPDX-License-Identifier: Apache-2.0
"""Plans: the statements that turn one catalog into another, online-safe where rows can be."""

from bedstone.plan.candidates import Candidate
from bedstone.plan.change import Options
from bedstone.plan.hints import Rename, parse_rename
from bedstone.plan.modelled import ModelRenames, model_renames
from bedstone.plan.planner import Plan, plan
from bedstone.plan.renaming import Renaming, rename
from bedstone.plan.script import render_script, split_script
from bedstone.plan.statement import Hazard, Statement, Transaction

__all__ = [
    "Candidate",
    "Hazard",
    "ModelRenames",
    "Options",
    "Plan",
    "Rename",
    "Renaming",
    "Statement",
    "Transaction",
    "model_renames",
    "parse_rename",
    "plan",
    "rename",
    "render_script",
    "split_script",
]
