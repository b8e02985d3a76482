# SPDX-License-Identifier: Apache-2.0

"""Create the table brands.

A brand belongs to a user and goes with them (ON DELETE CASCADE). Pictures and guidelines are
documents: they are read and written whole, and their form changes more often than the schema.

Revision ID: 003_create_brands_table
Revises: 002_create_users_table
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "003_create_brands_table"
down_revision = "002_create_users_table"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "brands",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "product_images",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Array of object-store URLs of the product's pictures",
        ),
        sa.Column(
            "brand_guidelines",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Object: colors, fonts, tone, additionalAssets",
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
        sa.PrimaryKeyConstraint("id", name="pk_brands"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_brands_user_id_users", ondelete="CASCADE"
        ),
        comment="Brands that advertisements are made for, each of one user",
    )
    op.create_index("ix_brands_user_id", "brands", ["user_id"])
    op.create_index("ix_brands_user_id_created_at", "brands", ["user_id", "created_at"])
    op.execute(
        "comment on index pk_brands is 'A brand by id; the brand of a project or a LoRA model'"
    )
    op.execute(
        "comment on index ix_brands_user_id is "
        "'A user''s brands; the cascade when the user is deleted'"
    )
    op.execute("comment on index ix_brands_user_id_created_at is 'A user''s brands by date'")


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("brands")
