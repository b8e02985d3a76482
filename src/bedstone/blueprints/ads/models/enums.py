# SPDX-License-Identifier: Apache-2.0
"""The states and kinds, each a native enum type of the database.

The values are declared in the order in which PostgreSQL compares and sorts them.
"""

from enum import StrEnum

from sqlalchemy import Enum

from bedstone.blueprints.ads.models.registry import metadata


class SubscriptionType(StrEnum):
    """What a user has paid for."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class AdProjectStatus(StrEnum):
    """How far a project has come."""

    INITIAL = "initial"
    CHAT_IN_PROGRESS = "chat_in_progress"
    SCRIPT_GENERATED = "script_generated"
    SCRIPT_APPROVED = "script_approved"
    VIDEO_GENERATING = "video_generating"
    COMPLETED = "completed"
    FAILED = "failed"


class ChatRole(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"


class GenerationJobStatus(StrEnum):
    """Where a job stands in the queue."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class GenerationJobType(StrEnum):
    """What a job makes."""

    VISUAL_GENERATION = "visual_generation"
    AUDIO_GENERATION = "audio_generation"
    VIDEO_COMPOSITION = "video_composition"
    FINAL_EXPORT = "final_export"


class LoraTrainingStatus(StrEnum):
    """How far the training of a brand's model has come."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


def _native(values: type[StrEnum], name: str) -> Enum:
    """Return the type *name*, stored by value, and made with the metadata, not with a table.

    A type that belongs to the metadata is created once, before every table, by ``create_all``.
    The revisions never use these objects: they name the type and leave it alone.
    """
    return Enum(
        values,
        name=name,
        metadata=metadata,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


subscription_type = _native(SubscriptionType, "subscription_type")
ad_project_status = _native(AdProjectStatus, "ad_project_status")
chat_role = _native(ChatRole, "chat_role")
generation_job_status = _native(GenerationJobStatus, "generation_job_status")
generation_job_type = _native(GenerationJobType, "generation_job_type")
lora_training_status = _native(LoraTrainingStatus, "lora_training_status")
