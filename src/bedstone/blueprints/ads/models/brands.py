# SPDX-License-Identifier: Apache-2.0
"""What advertisements are made for."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import (
    Base,
    Created,
    Document,
    Documents,
    Key,
    String,
    Updated,
)

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.ad_projects import AdProject
    from bedstone.blueprints.ads.models.lora_models import LoraModel
    from bedstone.blueprints.ads.models.users import User


class Brand(Base):
    """A brand of a user. Deleting one takes its projects, all that is theirs, and its model."""

    __tablename__ = "brands"

    id: Mapped[Key]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[String]
    description: Mapped[String]
    product_images: Mapped[Documents] = mapped_column(
        comment="Array of object-store URLs of the product's pictures"
    )
    brand_guidelines: Mapped[Document] = mapped_column(
        comment="Object: colors, fonts, tone, additionalAssets"
    )
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    user: Mapped["User"] = relationship(back_populates="brands")
    ad_projects: Mapped[list["AdProject"]] = relationship(
        back_populates="brand",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="AdProject.created_at.desc()",
    )
    lora_model: Mapped["LoraModel | None"] = relationship(
        back_populates="brand", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        primary_key(serves="A brand by id; the brand of a project or a LoRA model"),
        index("user_id", serves="A user's brands; the cascade when the user is deleted"),
        index("user_id", "created_at", serves="A user's brands by date"),
        {"comment": "Brands that advertisements are made for, each of one user"},
    )
