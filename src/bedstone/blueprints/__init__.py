# SPDX-License-Identifier: Apache-2.0
"""Ready-made schemas: ordinary SQLAlchemy and Alembic projects, to be used as they are or copied.

Each is found by its entry point in the group ``bedstone.blueprints``. Nothing in bedstone imports
one, and none imports bedstone's own rooms.
"""
