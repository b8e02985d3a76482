# SPDX-License-Identifier: Apache-2.0
"""What writes into a project."""

from bedstone.evolve.accept import Acceptance, plan_acceptance, write_acceptance
from bedstone.evolve.revision import Order, Written, write_revision

__all__ = [
    "Acceptance",
    "Order",
    "Written",
    "plan_acceptance",
    "write_acceptance",
    "write_revision",
]
