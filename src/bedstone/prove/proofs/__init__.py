# SPDX-License-Identifier: Apache-2.0
"""The proofs: one module each, found by being here.

Each has ``NAME``, ``ORDER`` and ``check(evidence) -> Proof``.
"""
