# SPDX-License-Identifier: Apache-2.0

"""Create the enum types.

Native types, not text with a CHECK: the database knows the values, sorts them in this order and
stores four bytes each. They come first, so that every table finds its type, and in one revision,
so that downgrading to base leaves no type behind. A later value is added with
``alter type ... add value`` in a revision of its own.

Revision ID: 001_create_enum_types
Revises: nothing
Create Date: 2026-11-21
"""

from alembic import op

revision = "001_create_enum_types"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the six types."""
    op.execute("create type subscription_type as enum ('free', 'pro', 'enterprise')")
    op.execute(
        "create type ad_project_status as enum ("
        "'initial', 'chat_in_progress', 'script_generated', 'script_approved', "
        "'video_generating', 'completed', 'failed')"
    )
    op.execute("create type chat_role as enum ('user', 'assistant')")
    op.execute(
        "create type generation_job_status as enum ('queued', 'processing', 'completed', 'failed')"
    )
    op.execute(
        "create type generation_job_type as enum ("
        "'visual_generation', 'audio_generation', 'video_composition', 'final_export')"
    )
    op.execute(
        "create type lora_training_status as enum ("
        "'not_started', 'in_progress', 'completed', 'failed')"
    )


def downgrade() -> None:
    """Drop the six types, the last one first."""
    op.execute("drop type lora_training_status")
    op.execute("drop type generation_job_type")
    op.execute("drop type generation_job_status")
    op.execute("drop type chat_role")
    op.execute("drop type ad_project_status")
    op.execute("drop type subscription_type")
