# SPDX-License-Identifier: Apache-2.0
"""Rows for the tables of a catalog."""

from bedstone.fill.rows import Filled, insert_rows

__all__ = ["Filled", "insert_rows"]
