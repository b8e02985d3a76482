# SPDX-License-Identifier: Apache-2.0
"""The tables of the studio as SQLAlchemy models, one module a table."""

from bedstone.blueprints.ads.models.ad_projects import AdProject
from bedstone.blueprints.ads.models.brands import Brand
from bedstone.blueprints.ads.models.chat_messages import ChatMessage
from bedstone.blueprints.ads.models.enums import (
    AdProjectStatus,
    ChatRole,
    GenerationJobStatus,
    GenerationJobType,
    LoraTrainingStatus,
    SubscriptionType,
)
from bedstone.blueprints.ads.models.generation_jobs import GenerationJob
from bedstone.blueprints.ads.models.lora_models import LoraModel
from bedstone.blueprints.ads.models.registry import Base, metadata
from bedstone.blueprints.ads.models.scripts import Script
from bedstone.blueprints.ads.models.users import User

__all__ = [
    "AdProject",
    "AdProjectStatus",
    "Base",
    "Brand",
    "ChatMessage",
    "ChatRole",
    "GenerationJob",
    "GenerationJobStatus",
    "GenerationJobType",
    "LoraModel",
    "LoraTrainingStatus",
    "Script",
    "SubscriptionType",
    "User",
    "metadata",
]
