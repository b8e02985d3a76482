# SPDX-License-Identifier: Apache-2.0

"""Create the table chat_messages.

The conversation about a project, a message a row, gone with the project. ``timestamp`` is the
wall clock, so that question and answer written in one transaction keep their order.

Revision ID: 005_create_chat_messages_table
Revises: 004_create_ad_projects_table
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "005_create_chat_messages_table"
down_revision = "004_create_ad_projects_table"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "chat_messages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("role", postgresql.ENUM(name="chat_role", create_type=False), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column(
            "timestamp",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="When it was said, by the wall clock: two messages of one transaction differ",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_chat_messages"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["ad_projects.id"],
            name="fk_chat_messages_project_id_ad_projects",
            ondelete="CASCADE",
        ),
        comment="The conversation about a project, a message a row",
    )
    op.create_index("ix_chat_messages_project_id", "chat_messages", ["project_id"])
    op.create_index(
        "ix_chat_messages_project_id_timestamp", "chat_messages", ["project_id", "timestamp"]
    )
    op.execute("comment on index pk_chat_messages is 'A message by id'")
    op.execute(
        "comment on index ix_chat_messages_project_id is "
        "'A project''s messages; the cascade when it is deleted'"
    )
    op.execute(
        "comment on index ix_chat_messages_project_id_timestamp is "
        "'A project''s conversation in order'"
    )


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("chat_messages")
