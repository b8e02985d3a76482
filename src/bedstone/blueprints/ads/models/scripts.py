# SPDX-License-Identifier: Apache-2.0
"""What an advertisement will show and say."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import Base, Created, Key, String, Updated

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.ad_projects import AdProject
    from bedstone.blueprints.ads.models.generation_jobs import GenerationJob


class Script(Base):
    """The script of a project, of which it has at most one."""

    __tablename__ = "scripts"

    id: Mapped[Key]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ad_projects.id", ondelete="CASCADE"))
    storyline: Mapped[String]
    # Without a default: a script is its scenes.
    scenes: Mapped[list[Any]] = mapped_column(
        MutableList.as_mutable(JSONB),
        comment="Array of scenes: sceneNumber, description, duration, visualPrompt, audioPrompt, "
        "generatedVideoUrl, generatedAudioUrl",
    )
    voiceover_text: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="When the user approved it; null while it waits"
    )
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    project: Mapped["AdProject"] = relationship(back_populates="script")
    generation_jobs: Mapped[list["GenerationJob"]] = relationship(
        back_populates="script",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="GenerationJob.created_at.desc()",
    )

    __table_args__ = (
        primary_key(serves="A script by id; the script of a job"),
        index("project_id", unique=True, serves="A project's script; one script a project"),
        index("approved_at", serves="Approved scripts by date, and pending ones (null)"),
        {"comment": "Storyline and scenes of a project's advertisement"},
    )
