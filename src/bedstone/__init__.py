# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL foundation of a Python service: declare, plan, prove, run."""

__all__ = ["__version__"]

__version__ = "0.1.0"
