# SPDX-License-Identifier: Apache-2.0
"""What bedstone needs of this machine, checked, each with the line that mends it."""

from bedstone.doctor.check import Check, Patient, State, examine

__all__ = ["Check", "Patient", "State", "examine"]
