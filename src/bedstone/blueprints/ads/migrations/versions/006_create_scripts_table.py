# SPDX-License-Identifier: Apache-2.0

"""Create the table scripts.

One script a project, held by the unique index on ``project_id``; gone with the project. A script
waits for its approval while ``approved_at`` is null.

Revision ID: 006_create_scripts_table
Revises: 005_create_chat_messages_table
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "006_create_scripts_table"
down_revision = "005_create_chat_messages_table"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "scripts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("storyline", sa.Text(), nullable=False),
        sa.Column(
            "scenes",
            postgresql.JSONB(),
            nullable=False,
            comment="Array of scenes: sceneNumber, description, duration, visualPrompt, "
            "audioPrompt, generatedVideoUrl, generatedAudioUrl",
        ),
        sa.Column("voiceover_text", sa.Text(), nullable=True),
        sa.Column(
            "approved_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the user approved it; null while it waits",
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
        sa.PrimaryKeyConstraint("id", name="pk_scripts"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["ad_projects.id"],
            name="fk_scripts_project_id_ad_projects",
            ondelete="CASCADE",
        ),
        comment="Storyline and scenes of a project's advertisement",
    )
    op.create_index("ix_scripts_project_id", "scripts", ["project_id"], unique=True)
    op.create_index("ix_scripts_approved_at", "scripts", ["approved_at"])
    op.execute("comment on index pk_scripts is 'A script by id; the script of a job'")
    op.execute(
        "comment on index ix_scripts_project_id is 'A project''s script; one script a project'"
    )
    op.execute(
        "comment on index ix_scripts_approved_at is "
        "'Approved scripts by date, and pending ones (null)'"
    )


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("scripts")
