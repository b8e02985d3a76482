# SPDX-License-Identifier: Apache-2.0
"""What writes into a project."""

from bedstone.evolve.accept import Acceptance, plan_acceptance, write_acceptance

__all__ = ["Acceptance", "plan_acceptance", "write_acceptance"]
