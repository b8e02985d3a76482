# SPDX-License-Identifier: Apache-2.0
"""The picture model that learns how a brand looks."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.enums import LoraTrainingStatus, lora_training_status
from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import Base, Created, Key, String, Updated

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.brands import Brand


class LoraModel(Base):
    """The model of a brand, of which it has at most one."""

    __tablename__ = "lora_models"

    id: Mapped[Key]
    brand_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    model_name: Mapped[String]
    huggingface_model_id: Mapped[str | None] = mapped_column(
        Text, comment="Where the trained weights are; null until they were published"
    )
    training_status: Mapped[LoraTrainingStatus] = mapped_column(
        lora_training_status, server_default=LoraTrainingStatus.NOT_STARTED.value
    )
    training_progress: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="In percent"
    )
    trained_samples_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    brand: Mapped["Brand"] = relationship(back_populates="lora_model")

    __table_args__ = (
        primary_key(serves="A LoRA model by id"),
        CheckConstraint(
            "training_progress >= 0 AND training_progress <= 100", name="training_progress_range"
        ),
        CheckConstraint("trained_samples_count >= 0", name="trained_samples_count_not_negative"),
        index("brand_id", unique=True, serves="A brand's LoRA model; one model a brand"),
        index("training_status", serves="Models in training"),
        {"comment": "LoRA models trained on a brand's pictures"},
    )
