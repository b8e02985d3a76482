# SPDX-License-Identifier: Apache-2.0

"""Create the table users.

Accounts with a soft delete: ``deleted_at`` is null while an account is active. The address is
unique over all rows, the soft-deleted ones included.

Revision ID: 002_create_users_table
Revises: 001_create_enum_types
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "002_create_users_table"
down_revision = "001_create_enum_types"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        # create_type=False: revision 001 made the type and is what drops it
        sa.Column(
            "subscription_type",
            postgresql.ENUM(name="subscription_type", create_type=False),
            server_default="free",
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the account was given up (soft delete); null while it is active",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        comment="Accounts, soft-deleted by deleted_at",
    )
    op.create_index("ix_users_email", "users", ["email"], unique=True)
    op.create_index("ix_users_deleted_at", "users", ["deleted_at"])
    op.execute("comment on index pk_users is 'A user by id; the owner of a brand or a project'")
    op.execute("comment on index ix_users_email is 'Log in by email; one account an address'")
    op.execute(
        "comment on index ix_users_deleted_at is "
        "'Active users (deleted_at is null) and the recently deleted'"
    )


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("users")
