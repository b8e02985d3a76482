# SPDX-License-Identifier: Apache-2.0

"""Create the table generation_jobs.

The work that turns a script into a film, gone with its script or its project. Replicate runs it
and answers through a webhook that knows only ``replicate_job_id``.

Revision ID: 007_create_generation_jobs_table
Revises: 006_create_scripts_table
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "007_create_generation_jobs_table"
down_revision = "006_create_scripts_table"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "generation_jobs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("script_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            postgresql.ENUM(name="generation_job_status", create_type=False),
            server_default="queued",
            nullable=False,
        ),
        sa.Column(
            "job_type",
            postgresql.ENUM(name="generation_job_type", create_type=False),
            nullable=False,
        ),
        sa.Column(
            "replicate_job_id",
            sa.Text(),
            nullable=True,
            comment="Replicate's name for the job; null until it was handed over",
        ),
        sa.Column("progress_percentage", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("generated_video_url", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="pk_generation_jobs"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["ad_projects.id"],
            name="fk_generation_jobs_project_id_ad_projects",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["script_id"],
            ["scripts.id"],
            name="fk_generation_jobs_script_id_scripts",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "progress_percentage >= 0 AND progress_percentage <= 100",
            name=op.f("ck_generation_jobs_progress_percentage_range"),
        ),
        comment="Work on a script: pictures, sound, composition, export",
    )
    _create_indexes()


def _create_indexes() -> None:
    op.create_index("ix_generation_jobs_project_id", "generation_jobs", ["project_id"])
    op.create_index("ix_generation_jobs_script_id", "generation_jobs", ["script_id"])
    op.create_index("ix_generation_jobs_replicate_job_id", "generation_jobs", ["replicate_job_id"])
    op.create_index(
        "ix_generation_jobs_project_id_status", "generation_jobs", ["project_id", "status"]
    )
    op.create_index(
        "ix_generation_jobs_status_created_at", "generation_jobs", ["status", "created_at"]
    )
    op.execute("comment on index pk_generation_jobs is 'A job by id'")
    op.execute(
        "comment on index ix_generation_jobs_project_id is "
        "'A project''s jobs, newest first; the cascade when it is deleted'"
    )
    op.execute(
        "comment on index ix_generation_jobs_script_id is "
        "'A script''s jobs; the cascade when it is deleted'"
    )
    op.execute(
        "comment on index ix_generation_jobs_replicate_job_id is "
        "'A job by its replicate id (webhook)'"
    )
    op.execute(
        "comment on index ix_generation_jobs_project_id_status is 'A project''s jobs in a state'"
    )
    op.execute(
        "comment on index ix_generation_jobs_status_created_at is "
        "'The oldest queued job; jobs in a state by date'"
    )


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("generation_jobs")
