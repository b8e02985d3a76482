# SPDX-License-Identifier: Apache-2.0
"""The making of one advertisement, from the first question to the film."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, desc
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.enums import AdProjectStatus, ad_project_status
from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import (
    Base,
    CreatedByClock,
    Document,
    Documents,
    Key,
    UpdatedByClock,
)

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.brands import Brand
    from bedstone.blueprints.ads.models.chat_messages import ChatMessage
    from bedstone.blueprints.ads.models.generation_jobs import GenerationJob
    from bedstone.blueprints.ads.models.scripts import Script
    from bedstone.blueprints.ads.models.users import User


class AdProject(Base):
    """One advertisement of a brand.

    Its times come from the wall clock, so that two projects of a brand made in one transaction
    differ: the unique index on the brand and the time would refuse the second otherwise.
    """

    __tablename__ = "ad_projects"

    id: Mapped[Key]
    brand_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT"),
        comment="Who owns the project, and so cannot be deleted",
    )
    conversation_history: Mapped[Documents] = mapped_column(
        comment="Array of messages: id, role, content, timestamp"
    )
    ad_details: Mapped[Document] = mapped_column(
        comment="Object: targetAudience, adPlatform, adDuration (seconds), callToAction, keyMessage"
    )
    status: Mapped[AdProjectStatus] = mapped_column(
        ad_project_status, server_default=AdProjectStatus.INITIAL.value
    )
    created_at: Mapped[CreatedByClock] = mapped_column(
        comment="The wall clock, not the start of the transaction: unique within a brand"
    )
    updated_at: Mapped[UpdatedByClock]

    brand: Mapped["Brand"] = relationship(back_populates="ad_projects")
    user: Mapped["User"] = relationship(back_populates="ad_projects")
    chat_messages: Mapped[list["ChatMessage"]] = relationship(
        back_populates="project",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="ChatMessage.timestamp",
    )
    script: Mapped["Script | None"] = relationship(
        back_populates="project", cascade="all, delete-orphan", passive_deletes=True
    )
    generation_jobs: Mapped[list["GenerationJob"]] = relationship(
        back_populates="project",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="GenerationJob.created_at.desc()",
    )

    __table_args__ = (
        primary_key(serves="A project by id; the project of a message, script or job"),
        index("brand_id", serves="A brand's projects; the cascade when the brand is deleted"),
        index("user_id", serves="A user's projects; whether a user may be deleted"),
        index("status", serves="Projects in a state, of all brands"),
        index("brand_id", "status", serves="A brand's projects by status"),
        index("user_id", "created_at", serves="A user's project history by date"),
        index(
            "brand_id",
            desc("created_at"),
            name="ix_ad_projects_brand_id_created_at",
            unique=True,
            serves="A brand's projects, newest first; no two of the same moment",
        ),
        {"comment": "Advertisements in the making: a brand has many, a user owns each"},
    )
