# SPDX-License-Identifier: Apache-2.0
"""The models of ``ads`` on a real database: relationships on both sides, documents, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import Text, cast, func, inspect, select
from sqlalchemy.exc import IntegrityError, StatementError

from bedstone.blueprints.ads.models import (
    AdProject,
    AdProjectStatus,
    Base,
    Brand,
    ChatMessage,
    ChatRole,
    GenerationJob,
    GenerationJobStatus,
    GenerationJobType,
    LoraModel,
    LoraTrainingStatus,
    Script,
    SubscriptionType,
    User,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    Studio = dict[type[Base], Any]


class Pair(NamedTuple):
    """A relationship seen from both sides."""

    one: type[Base]
    name: str
    is_list: bool
    many: type[Base]
    back: str


PAIRS = [
    Pair(User, "brands", True, Brand, "user"),
    Pair(User, "ad_projects", True, AdProject, "user"),
    Pair(Brand, "ad_projects", True, AdProject, "brand"),
    Pair(Brand, "lora_model", False, LoraModel, "brand"),
    Pair(AdProject, "chat_messages", True, ChatMessage, "project"),
    Pair(AdProject, "script", False, Script, "project"),
    Pair(AdProject, "generation_jobs", True, GenerationJob, "project"),
    Pair(Script, "generation_jobs", True, GenerationJob, "script"),
]

#: Who deletes what is taken out of a relationship: the ORM, save for a user's brands and projects.
ORPHANS = [pair for pair in PAIRS if pair.one is not User]

DOCUMENTS: list[dict[str, Any]] = [
    {},
    {
        "targetAudience": "runners, 20-35",
        "adPlatform": "instagram",
        "adDuration": 30,
        "callToAction": 'Say "go", it\'s 100% {free}',
        "keyMessage": "läuft · 走れ · 🏃",
    },
    {"deep": {"er": [{"est": [1, [2, [3, None]]]}]}, "empty": [{}, [], ""]},
    {"numbers": [0, -1, 2**53 + 1, 10**30, 0.1, -1.5e-7], "flags": [True, False, None]},
    {"": "empty key", "a b": 1, "quote'd": '"', "back\\slash": "\t\n\\", "%s": "%(x)s :x"},
]


@pytest.fixture
def studio(session: Session) -> Studio:
    """One object of each model, all hanging together, in the database."""
    user = User(email="ada@example.com", name="Ada")
    brand = Brand(user=user, title="Bolt", description="Shoes")
    project = AdProject(brand=brand, user=user)
    script = Script(project=project, storyline="A run", scenes=[{"sceneNumber": 1}])
    made: list[Base] = [
        user,
        brand,
        project,
        script,
        ChatMessage(project=project, role=ChatRole.USER, content="Hello"),
        GenerationJob(project=project, script=script, job_type=GenerationJobType.FINAL_EXPORT),
        LoraModel(brand=brand, model_name="bolt-1"),
    ]
    session.add(user)
    session.commit()
    return {type(one): one for one in made}


def test_every_relationship_is_there_on_both_sides() -> None:
    found = {
        (
            mapper.class_,
            name,
            bool(relation.uselist),
            relation.mapper.class_,
            relation.back_populates,
        )
        for mapper in Base.registry.mappers
        for name, relation in mapper.relationships.items()
    }
    forward = set(PAIRS)
    backward = {(many, back, False, one, name) for one, name, _, many, back in PAIRS}
    assert found == forward | backward


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_set_on_the_many_side_is_read_on_the_one_side(
    session: Session, studio: Studio, pair: Pair
) -> None:
    """From the database: every attribute has been expired."""
    parent, child = studio[pair.one], studio[pair.many]
    session.expire_all()
    assert getattr(parent, pair.name) == ([child] if pair.is_list else child)
    session.expire_all()
    assert getattr(child, pair.back) is parent


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_set_on_the_one_side_is_read_on_the_many_side(pair: Pair) -> None:
    parent, child = pair.one(), pair.many()
    if pair.is_list:
        getattr(parent, pair.name).append(child)
    else:
        setattr(parent, pair.name, child)
    assert getattr(child, pair.back) is parent


@pytest.mark.parametrize("pair", ORPHANS)
def test_what_is_taken_out_of_its_parent_is_deleted(
    session: Session, studio: Studio, pair: Pair
) -> None:
    child = studio[pair.many]
    key = inspect(child).identity
    if pair.is_list:
        getattr(studio[pair.one], pair.name).remove(child)
    else:
        setattr(studio[pair.one], pair.name, None)
    session.commit()
    session.expunge_all()
    assert session.get(pair.many, key) is None
    assert session.get(pair.one, inspect(studio[pair.one]).identity) is not None


def test_a_brand_is_not_left_without_its_user(session: Session, studio: Studio) -> None:
    studio[User].brands.remove(studio[Brand])
    with pytest.raises(IntegrityError, match="user_id"), session.begin_nested():
        session.flush()


def test_deleting_a_brand_by_the_orm_takes_everything_of_it(
    session: Session, studio: Studio
) -> None:
    keys = {model: inspect(one).identity for model, one in studio.items()}
    session.delete(studio[Brand])
    session.commit()
    session.expunge_all()
    assert {model for model, key in keys.items() if session.get(model, key)} == {User}


def test_a_model_comes_back_with_what_the_server_made(session: Session, studio: Studio) -> None:
    assert studio[User].subscription_type is SubscriptionType.FREE
    assert studio[User].deleted_at is None
    assert studio[AdProject].status is AdProjectStatus.INITIAL
    assert (studio[AdProject].conversation_history, studio[AdProject].ad_details) == ([], {})
    assert (studio[Brand].product_images, studio[Brand].brand_guidelines) == ([], {})
    assert studio[GenerationJob].status is GenerationJobStatus.QUEUED
    assert studio[GenerationJob].progress_percentage == 0
    assert studio[LoraModel].training_status is LoraTrainingStatus.NOT_STARTED
    assert (studio[LoraModel].training_progress, studio[LoraModel].trained_samples_count) == (0, 0)
    assert all(one.id.version == 4 and one.created_at.tzinfo for one in studio.values())


@pytest.mark.parametrize("value", list(AdProjectStatus))
def test_an_enum_is_stored_by_its_value(
    session: Session, studio: Studio, value: AdProjectStatus
) -> None:
    studio[AdProject].status = value
    session.commit()
    assert studio[AdProject].status is value
    assert session.scalar(select(cast(AdProject.status, Text))) == value.value


def test_an_unknown_value_of_an_enum_never_reaches_the_server(
    session: Session, studio: Studio
) -> None:
    studio[AdProject].status = "nonsense"
    with pytest.raises(StatementError, match="nonsense"), session.begin_nested():
        session.flush()


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("column", [Brand.brand_guidelines, AdProject.ad_details])
def test_an_object_comes_back_as_it_went_in(
    session: Session, studio: Studio, column: Any, document: dict[str, Any]
) -> None:
    assert round_trip(session, studio, column, document) == (document, "object")


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize(
    "column", [Brand.product_images, AdProject.conversation_history, Script.scenes]
)
def test_an_array_comes_back_as_it_went_in(
    session: Session, studio: Studio, column: Any, document: dict[str, Any]
) -> None:
    array = [document, "text", 1, None, document]
    assert round_trip(session, studio, column, array) == (array, "array")


def round_trip(session: Session, studio: Studio, column: Any, value: Any) -> tuple[Any, str]:
    """Write *value* by the ORM, forget it, and read it and its JSON type from the server."""
    setattr(studio[column.class_], column.key, value)
    session.commit()
    session.expunge_all()
    return tuple(session.execute(select(column, func.jsonb_typeof(column))).one())


def test_a_document_keeps_the_order_of_its_elements_and_not_of_its_keys(
    session: Session, studio: Studio
) -> None:
    studio[Script].scenes = [{"sceneNumber": n, "description": str(n)} for n in (3, 1, 2)]
    session.commit()
    assert [scene["sceneNumber"] for scene in studio[Script].scenes] == [3, 1, 2]
    assert list(studio[Script].scenes[0]) == ["description", "sceneNumber"]


def test_a_field_of_a_document_can_be_asked_for(session: Session, studio: Studio) -> None:
    studio[AdProject].ad_details = {"adPlatform": "tiktok", "adDuration": 15}
    session.commit()
    details = AdProject.ad_details
    found = select(AdProject.id).where(details["adPlatform"].as_string() == "tiktok")
    assert session.scalars(found).all() == [studio[AdProject].id]
    assert session.scalar(select(details["adDuration"].as_integer())) == 15


def test_a_change_inside_a_document_is_written(session: Session, studio: Studio) -> None:
    studio[AdProject].ad_details["adPlatform"] = "youtube"
    studio[AdProject].conversation_history.append({"id": "1", "role": "user", "content": "Hi"})
    session.commit()
    assert studio[AdProject].ad_details == {"adPlatform": "youtube"}
    assert [message["id"] for message in studio[AdProject].conversation_history] == ["1"]


@pytest.mark.parametrize(
    ("model", "attribute"),
    [
        (User, "name"),
        (Brand, "title"),
        (AdProject, "status"),
        (Script, "storyline"),
        (GenerationJob, "error_message"),
        (LoraModel, "model_name"),
    ],
)
def test_an_update_by_the_orm_moves_updated_at_and_leaves_created_at(
    session: Session, studio: Studio, model: type[Base], attribute: str
) -> None:
    """Within the transaction that made the row, too."""
    one = studio[model]
    created, updated = one.created_at, one.updated_at
    setattr(one, attribute, "failed")
    session.commit()
    assert one.updated_at > updated
    assert one.created_at == created


def test_messages_are_read_in_order_and_projects_and_jobs_newest_first(
    session: Session, studio: Studio
) -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    brand, project, script = studio[Brand], studio[AdProject], studio[Script]
    for minutes in (2, 1, 3):
        moment = start + timedelta(minutes=minutes)
        session.add(ChatMessage(project=project, role=ChatRole.USER, content="x", timestamp=moment))
        session.add(AdProject(brand=brand, user=studio[User], created_at=moment))
        session.add(
            GenerationJob(
                project=project,
                script=script,
                job_type=GenerationJobType.AUDIO_GENERATION,
                created_at=moment,
            )
        )
    session.commit()
    said = [message.timestamp for message in project.chat_messages]
    assert said == sorted(said)
    for newest_first in (brand.ad_projects, project.generation_jobs, script.generation_jobs):
        made = [one.created_at for one in newest_first]
        assert len(made) == 4
        assert made == sorted(made, reverse=True)


def test_a_script_is_replaced_once_the_old_one_is_gone(session: Session, studio: Studio) -> None:
    """The ORM inserts before it deletes, and one project has one script: a flush in between."""
    project = studio[AdProject]
    project.script = None
    session.flush()
    project.script = Script(storyline="Another", scenes=[])
    session.commit()
    assert project.script.storyline == "Another"
    assert session.scalar(select(func.count()).select_from(Script)) == 1
