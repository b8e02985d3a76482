# SPDX-License-Identifier: Apache-2.0
"""The safe form of a statement that holds others up, with its own names filled in."""

from bedstone.prove.locks.forms.form import Form, render_alembic, render_sql
from bedstone.prove.locks.forms.safe import apart, safe_form
from bedstone.prove.locks.forms.scene import Scene

__all__ = ["Form", "Scene", "apart", "render_alembic", "render_sql", "safe_form"]
