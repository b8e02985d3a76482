# SPDX-License-Identifier: Apache-2.0

"""Create the table ad_projects.

A project goes with its brand (CASCADE) and keeps its user from being deleted (RESTRICT).

One brand has many projects, no two of the same moment. That rule is a unique index, since a
UNIQUE constraint takes no DESC. So that it never refuses two projects made in one transaction,
``created_at`` is the wall clock (``clock_timestamp()``) and not the transaction's start;
``updated_at`` is it too, or it would lie before ``created_at``.

Revision ID: 004_create_ad_projects_table
Revises: 003_create_brands_table
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "004_create_ad_projects_table"
down_revision = "003_create_brands_table"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "ad_projects",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column(
            "user_id",
            sa.Uuid(),
            nullable=False,
            comment="Who owns the project, and so cannot be deleted",
        ),
        sa.Column(
            "conversation_history",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Array of messages: id, role, content, timestamp",
        ),
        sa.Column(
            "ad_details",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Object: targetAudience, adPlatform, adDuration (seconds), callToAction, "
            "keyMessage",
        ),
        sa.Column(
            "status",
            postgresql.ENUM(name="ad_project_status", create_type=False),
            server_default="initial",
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="The wall clock, not the start of the transaction: unique within a brand",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ad_projects"),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name="fk_ad_projects_brand_id_brands", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_ad_projects_user_id_users", ondelete="RESTRICT"
        ),
        comment="Advertisements in the making: a brand has many, a user owns each",
    )
    _create_indexes()


def _create_indexes() -> None:
    op.create_index("ix_ad_projects_brand_id", "ad_projects", ["brand_id"])
    op.create_index("ix_ad_projects_user_id", "ad_projects", ["user_id"])
    op.create_index("ix_ad_projects_status", "ad_projects", ["status"])
    op.create_index("ix_ad_projects_brand_id_status", "ad_projects", ["brand_id", "status"])
    op.create_index("ix_ad_projects_user_id_created_at", "ad_projects", ["user_id", "created_at"])
    op.create_index(
        "ix_ad_projects_brand_id_created_at",
        "ad_projects",
        ["brand_id", sa.text("created_at DESC")],
        unique=True,
    )
    op.execute(
        "comment on index pk_ad_projects is "
        "'A project by id; the project of a message, script or job'"
    )
    op.execute(
        "comment on index ix_ad_projects_brand_id is "
        "'A brand''s projects; the cascade when the brand is deleted'"
    )
    op.execute(
        "comment on index ix_ad_projects_user_id is "
        "'A user''s projects; whether a user may be deleted'"
    )
    op.execute("comment on index ix_ad_projects_status is 'Projects in a state, of all brands'")
    op.execute("comment on index ix_ad_projects_brand_id_status is 'A brand''s projects by status'")
    op.execute(
        "comment on index ix_ad_projects_user_id_created_at is 'A user''s project history by date'"
    )
    op.execute(
        "comment on index ix_ad_projects_brand_id_created_at is "
        "'A brand''s projects, newest first; no two of the same moment'"
    )


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("ad_projects")
