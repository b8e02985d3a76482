# SPDX-License-Identifier: Apache-2.0
"""Accounts."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import DateTime
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bedstone.blueprints.ads.models.enums import SubscriptionType, subscription_type
from bedstone.blueprints.ads.models.indexes import index, primary_key
from bedstone.blueprints.ads.models.registry import Base, Created, Key, String, Updated

if TYPE_CHECKING:
    from bedstone.blueprints.ads.models.ad_projects import AdProject
    from bedstone.blueprints.ads.models.brands import Brand


class User(Base):
    """A person with an account.

    Deleting one takes the brands along and is refused while the user owns a project; setting
    ``deleted_at`` keeps everything.

    Both rules are the database's alone (``passive_deletes="all"``). Did the ORM delete the brands
    itself, it would do so before the user, their projects would go with them, and nothing would
    be left that refuses. So a brand taken out of ``user.brands`` is no orphan to be deleted
    either: the database refuses a brand without a user.
    """

    __tablename__ = "users"

    id: Mapped[Key]
    email: Mapped[String]
    name: Mapped[String]
    subscription_type: Mapped[SubscriptionType] = mapped_column(
        subscription_type, server_default=SubscriptionType.FREE.value
    )
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]
    deleted_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When the account was given up (soft delete); null while it is active",
    )

    brands: Mapped[list["Brand"]] = relationship(
        back_populates="user", passive_deletes="all", order_by="Brand.created_at"
    )
    ad_projects: Mapped[list["AdProject"]] = relationship(
        back_populates="user", passive_deletes="all", order_by="AdProject.created_at"
    )

    __table_args__ = (
        primary_key(serves="A user by id; the owner of a brand or a project"),
        index("email", unique=True, serves="Log in by email; one account an address"),
        index("deleted_at", serves="Active users (deleted_at is null) and the recently deleted"),
        {"comment": "Accounts, soft-deleted by deleted_at"},
    )
