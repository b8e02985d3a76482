# SPDX-License-Identifier: Apache-2.0
"""The work that turns a script into pictures, sound and film."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.enums import (
    GenerationJobStatus,
    GenerationJobType,
    generation_job_status,
    generation_job_type,
)
from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import Base, Created, Key, Updated

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.ad_projects import AdProject
    from bedstone.blueprints.ads.models.scripts import Script


class GenerationJob(Base):
    """One piece of work, done by Replicate, which answers through a webhook."""

    __tablename__ = "generation_jobs"

    id: Mapped[Key]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ad_projects.id", ondelete="CASCADE"))
    script_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("scripts.id", ondelete="CASCADE"))
    status: Mapped[GenerationJobStatus] = mapped_column(
        generation_job_status, server_default=GenerationJobStatus.QUEUED.value
    )
    job_type: Mapped[GenerationJobType] = mapped_column(generation_job_type)
    replicate_job_id: Mapped[str | None] = mapped_column(
        Text, comment="Replicate's name for the job; null until it was handed over"
    )
    progress_percentage: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error_message: Mapped[str | None] = mapped_column(Text)
    generated_video_url: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]

    project: Mapped["AdProject"] = relationship(back_populates="generation_jobs")
    script: Mapped["Script"] = relationship(back_populates="generation_jobs")

    __table_args__ = (
        primary_key(serves="A job by id"),
        CheckConstraint(
            "progress_percentage >= 0 AND progress_percentage <= 100",
            name="progress_percentage_range",
        ),
        index(
            "project_id", serves="A project's jobs, newest first; the cascade when it is deleted"
        ),
        index("script_id", serves="A script's jobs; the cascade when it is deleted"),
        index("replicate_job_id", serves="A job by its replicate id (webhook)"),
        index("project_id", "status", serves="A project's jobs in a state"),
        index("status", "created_at", serves="The oldest queued job; jobs in a state by date"),
        {"comment": "Work on a script: pictures, sound, composition, export"},
    )
