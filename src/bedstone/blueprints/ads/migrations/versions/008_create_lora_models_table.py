# SPDX-License-Identifier: Apache-2.0

"""Create the table lora_models.

The picture model that learns how a brand looks: one a brand, held by the unique index on
``brand_id``, gone with the brand.

Revision ID: 008_create_lora_models_table
Revises: 007_create_generation_jobs_table
Create Date: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "008_create_lora_models_table"
down_revision = "007_create_generation_jobs_table"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, its indexes and their comments."""
    op.create_table(
        "lora_models",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column(
            "huggingface_model_id",
            sa.Text(),
            nullable=True,
            comment="Where the trained weights are; null until they were published",
        ),
        sa.Column(
            "training_status",
            postgresql.ENUM(name="lora_training_status", create_type=False),
            server_default="not_started",
            nullable=False,
        ),
        sa.Column(
            "training_progress",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="In percent",
        ),
        sa.Column(
            "trained_samples_count", sa.Integer(), server_default=sa.text("0"), nullable=False
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
        sa.PrimaryKeyConstraint("id", name="pk_lora_models"),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name="fk_lora_models_brand_id_brands", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "training_progress >= 0 AND training_progress <= 100",
            name=op.f("ck_lora_models_training_progress_range"),
        ),
        sa.CheckConstraint(
            "trained_samples_count >= 0",
            name=op.f("ck_lora_models_trained_samples_count_not_negative"),
        ),
        comment="LoRA models trained on a brand's pictures",
    )
    op.create_index("ix_lora_models_brand_id", "lora_models", ["brand_id"], unique=True)
    op.create_index("ix_lora_models_training_status", "lora_models", ["training_status"])
    op.execute("comment on index pk_lora_models is 'A LoRA model by id'")
    op.execute(
        "comment on index ix_lora_models_brand_id is 'A brand''s LoRA model; one model a brand'"
    )
    op.execute("comment on index ix_lora_models_training_status is 'Models in training'")


def downgrade() -> None:
    """Drop the table, and with it its indexes."""
    op.drop_table("lora_models")
