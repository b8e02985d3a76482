# SPDX-License-Identifier: Apache-2.0
"""Plans: the statements that turn one catalog into another, online-safe where rows can be."""

from bedstone.plan.change import Options
from bedstone.plan.planner import Plan, plan
from bedstone.plan.range import check_range, read_range
from bedstone.plan.script import render_script, split_script
from bedstone.plan.statement import Hazard, Statement, Transaction

__all__ = [
    "Hazard",
    "Options",
    "Plan",
    "Statement",
    "Transaction",
    "check_range",
    "plan",
    "read_range",
    "render_script",
    "split_script",
]
