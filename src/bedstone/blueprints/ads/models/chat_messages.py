# SPDX-License-Identifier: Apache-2.0
"""What user and assistant say to each other about a project."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import DateTime, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.enums import ChatRole, chat_role
from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import Base, Created, Key, String

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.ad_projects import AdProject


class ChatMessage(Base):
    """One message of a project's conversation."""

    __tablename__ = "chat_messages"

    id: Mapped[Key]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ad_projects.id", ondelete="CASCADE"))
    role: Mapped[ChatRole] = mapped_column(chat_role)
    content: Mapped[String]
    timestamp: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        comment="When it was said, by the wall clock: two messages of one transaction differ",
    )
    created_at: Mapped[Created]

    project: Mapped["AdProject"] = relationship(back_populates="chat_messages")

    __table_args__ = (
        primary_key(serves="A message by id"),
        index("project_id", serves="A project's messages; the cascade when it is deleted"),
        index("project_id", "timestamp", serves="A project's conversation in order"),
        {"comment": "The conversation about a project, a message a row"},
    )
