# SPDX-License-Identifier: Apache-2.0
"""The metadata that every model shares: how constraints are named and what columns mean."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, MetaData, Text, Uuid, event, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import DeclarativeBase, mapped_column

from bedstone.blueprints.ads.models.indexes import comment_on_indexes

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Base(DeclarativeBase):
    """The root of the models. ``create_all`` also writes the comments of their indexes."""

    metadata = metadata

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Have the comments of the new table's indexes written after the table is created."""
        super().__init_subclass__(**kwargs)
        event.listen(cls.__table__, "after_create", comment_on_indexes)


#: A key that the server makes.
Key = Annotated[uuid.UUID, mapped_column(Uuid, server_default=func.gen_random_uuid())]

#: Text of any length: PostgreSQL stores varchar(n) no better, and a longer n would be a migration.
String = Annotated[str, mapped_column(Text)]

#: A JSON object, {} from the start. A change of its own keys is noticed, one deeper down is not.
Document = Annotated[
    dict[str, Any],
    mapped_column(MutableDict.as_mutable(JSONB), server_default=text("'{}'::jsonb")),
]

#: A JSON array, [] from the start. A change of its own elements is noticed, one deeper is not.
Documents = Annotated[
    list[Any],
    mapped_column(MutableList.as_mutable(JSONB), server_default=text("'[]'::jsonb")),
]

#: A moment that something else decides.
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]

#: The start of the transaction that made the row.
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]

#: The wall clock when the row was made: differs between two rows of one transaction.
CreatedByClock = Annotated[
    datetime, mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
]

#: As ``Created``; the ORM moves it, to the wall clock, with each UPDATE it sends.
Updated = Annotated[
    datetime,
    mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.clock_timestamp()
    ),
]

#: As ``CreatedByClock``, and moved like ``Updated``.
UpdatedByClock = Annotated[
    datetime,
    mapped_column(
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        onupdate=func.clock_timestamp(),
    ),
]
