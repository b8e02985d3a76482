# SPDX-License-Identifier: Apache-2.0
"""The checks: one module each, found by being here."""
