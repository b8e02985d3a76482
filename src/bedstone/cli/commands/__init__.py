# SPDX-License-Identifier: Apache-2.0
"""The commands: one module each, found by being here.

Each has ``run``, whose docstring is its help, and ``EXAMPLES``.
"""
