# SPDX-License-Identifier: Apache-2.0
"""What objects of most kinds have beside their definition: owner, privileges, comment, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog.kinds import PARENTS, RELATIONS
from bedstone.errors import NotPlannable
from bedstone.plan.side import pairs, words
from bedstone.plan.spelling import (
    granted_name,
    granted_target,
    not_null_name,
    not_null_now,
    path,
    relation_path,
    role,
    split_name,
    target,
    word_of,
)
from bedstone.plan.statement import Hazard, Statement
from bedstone.sql import quote_identifier, quote_literal
from bedstone.trace import LockMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedstone.catalog import Key, Object, Value
    from bedstone.plan.change import Change, Scene

#: The attributes that this module writes.
NAMES = frozenset(
    {
        "owner", "acl", "comment", "security_labels", "depends_on_extensions",
        "constraint_comment", "index_comment",
    }
)  # fmt: skip
#: What is locked itself when it is commented on; of parts it is their relation.
_LOCKED = frozenset({*RELATIONS, "index", "sequence"})
#: What acldefault() gives to everybody.
_FOR_ALL = {
    "shell type": "usage",
    "function": "execute",
    "procedure": "execute",
    "aggregate": "execute",
    "enum": "usage",
    "composite": "usage",
    "domain": "usage",
    "range": "usage",
    "base type": "usage",
    "language": "usage",
}
#: What acldefault() gives to the owner.
_FOR_OWNER = {
    "table": ("delete", "insert", "maintain", "references", "select", "trigger", "truncate",
              "update"),
    "sequence": ("select", "update", "usage"),
    "schema": ("create", "usage"),
    "foreign data wrapper": ("usage",),
    "server": ("usage",),
    **{kind: (word,) for kind, word in _FOR_ALL.items()},
}  # fmt: skip
_LIKE_TABLES = frozenset({"view", "materialized view", "foreign table"})
_DEFAULTS_FOR = {
    "table": "tables", "view": "tables", "materialized view": "tables", "foreign table": "tables",
    "sequence": "sequences", "function": "functions", "procedure": "functions",
    "aggregate": "functions", "enum": "types", "composite": "types", "domain": "types",
    "range": "types", "base type": "types", "schema": "schemas",
}  # fmt: skip

#: Their writer grants: it is all that they are.
_GRANTED_OTHERWISE = frozenset({"default privileges", "privileges"})

Grant = tuple[str | None, str, bool, str | None]


def own_names(key: Key, names: frozenset[str]) -> frozenset[str]:
    """Return the attributes among *names* that the writer of the kind is to change."""
    return names - (NAMES - {"acl"} if key.kind in _GRANTED_OTHERWISE else NAMES)


def annotate(item: Object, scene: Scene) -> Iterator[Statement]:
    """Write what a new object has beside its definition."""
    attributes, key = item.attributes, item.key
    if "owner" in attributes and key.kind != "extension":
        yield from _set_owner(key, attributes["owner"])
    if attributes.get("comment") is not None:
        yield _comment_on(key, attributes["comment"])
    if attributes.get("constraint_comment") is not None:
        on = _constraint_target(key, not_null_name(item))
        yield Statement(_comment(on, attributes["constraint_comment"]), key)
    if attributes.get("index_comment") is not None:
        yield Statement(_comment(_index_target(key), attributes["index_comment"]), key)
    for label in pairs(attributes.get("security_labels")).items():
        yield Statement(_label(key, *label), key)
    for extension in words(attributes.get("depends_on_extensions")):
        yield _bind(item, extension, bound=True)
    if "acl" in attributes and key.kind not in _GRANTED_OTHERWISE:
        wanted = {grant[:2] for grant in _acl(attributes["acl"])}
        unsure = _taken_by_default(item, scene) & wanted
        given = [grant for grant in _acl_when_made(item, scene) if grant[:2] not in unsure]
        more = [grant for grant in _acl_by_default(item, scene) if grant[:2] not in wanted]
        yield from grants(item, _acl(attributes["acl"]), [*given, *more])


def change_annotations(change: Change) -> Iterator[Statement]:
    """Write the statements for owner, privileges, comment and labels that differ."""
    key, before, after = change.key, change.before, change.after
    if change.has("owner") and not _has_owner_of_table(change):
        yield from _set_owner(key, after["owner"])
    if change.has("acl") and key.kind not in _GRANTED_OTHERWISE:
        given = _acl(before["acl"])
        if change.has("owner"):  # what the new owner was granted is among an owner's privileges
            given = [grant for grant in given if grant[0] != after["owner"]]
        yield from grants(change.new, _acl(after["acl"]), given)
    yield from _change_comments(change)
    if change.has("security_labels"):
        old, new = (pairs(s["security_labels"]) for s in (before, after))
        for provider in [*new, *(p for p in old if p not in new)]:
            if old.get(provider) != new.get(provider):
                yield Statement(_label(key, provider, new.get(provider)), key)
    if change.has("depends_on_extensions"):
        old_names, new_names = (words(s["depends_on_extensions"]) for s in (before, after))
        for name in dict.fromkeys((*old_names, *new_names)):
            if (name in old_names) != (name in new_names):
                yield _bind(change.new, name, bound=name in new_names)


def _change_comments(change: Change) -> Iterator[Statement]:
    key, after = change.key, change.after
    if change.has("comment"):
        yield _comment_on(key, after["comment"])
    if change.has("constraint_comment") and after["not_null"]:  # it went with NOT NULL
        on = _constraint_target(key, not_null_now(change))
        yield Statement(_comment(on, after["constraint_comment"]), key)
    if change.has("index_comment"):
        yield Statement(_comment(_index_target(key), after["index_comment"]), key)


# --- owner, comment, labels ------------------------------------------------------------------


def _has_owner_of_table(change: Change) -> bool:
    """Whether it is a sequence that belongs to a column: it changes hands with the table."""
    owned_by = change.before.get("owned_by")
    return owned_by is not None and owned_by == change.after.get("owned_by")


def _set_owner(key: Key, owner: Value) -> Iterator[Statement]:
    if owner is None:
        return
    sql = f"alter {word_of(key)} {path(key)} owner to {quote_identifier(str(owner))}"
    relation = path(key) if key.kind in _LOCKED else None
    lock = LockMode.ACCESS_EXCLUSIVE if relation is not None else None
    yield Statement(sql, key, "owner", lock, relation, (Hazard.PRIVILEGES,))


def _comment_on(key: Key, text: Value) -> Statement:
    relation = path(key) if key.kind in _LOCKED else None
    if PARENTS.get(key.kind) == RELATIONS:
        relation = relation_path(key)
    lock = LockMode.SHARE_UPDATE_EXCLUSIVE if relation is not None else None
    return Statement(_comment(target(key), text), key, "comment", lock, relation)


def _comment(on: str, text: Value) -> str:
    return f"comment on {on} is {'null' if text is None else quote_literal(str(text))}"


def _constraint_target(key: Key, name: str) -> str:
    on = f"domain {path(key)}" if key.kind == "domain" else relation_path(key)
    return f"constraint {quote_identifier(name)} on {on}"


def _index_target(key: Key) -> str:
    return f"index {quote_identifier(key.schema or '', key.name)}"


def _label(key: Key, provider: str, label: str | None) -> str:
    value = "null" if label is None else quote_literal(label)
    return f"security label for {quote_identifier(provider)} on {target(key)} is {value}"


def _bind(item: Object, extension: str, *, bound: bool) -> Statement:
    key = item.key
    name = f"{word_of(key)} {path(key)}"
    if key.kind == "trigger":
        name = f"trigger {quote_identifier(key.name)} on {relation_path(key)}"
    verb = "depends" if bound else "no depends"
    return Statement(f"alter {name} {verb} on extension {quote_identifier(extension)}", key)


# --- privileges ------------------------------------------------------------------------------


def _acl(value: Value) -> list[Grant]:
    return [tuple(grant) for grant in value] if isinstance(value, tuple) else []  # type: ignore[misc,arg-type]


def _acl_when_made(item: Object, scene: Scene) -> list[Grant]:
    """Return the privileges of PostgreSQL's own that an object has when it was just made."""
    if item.key.kind == "column":
        return []
    kind = "table" if item.key.kind in _LIKE_TABLES else item.key.kind
    return acl_at_first(_FOR_OWNER.get(kind, ()), _FOR_ALL.get(kind), scene)


def acl_at_first(owner: Iterable[str], everybody: str | None, scene: Scene) -> list[Grant]:
    """Return what acldefault() gives on the servers of both sides; MAINTAIN came with 17."""
    found: list[Grant] = [
        (None, word, False, None) for word in owner if word != "maintain" or scene.has_maintain
    ]
    if everybody is not None:
        found.append(("public", everybody, False, None))
    return found


def _defaults(item: Object, scene: Scene) -> Iterator[Object]:
    """Yield the default privileges that the object may be made under, the old and the new ones.

    Of whichever role: who will run the script is not known.
    """
    if item.key.kind == "column":
        return
    for side in (scene.a, scene.b):
        for default in side.catalog.of_kind("default privileges"):
            where = default.key.schema in {None, item.key.schema}
            if where and default.key.parent == _DEFAULTS_FOR.get(item.key.kind):
                yield default


def _acl_by_default(item: Object, scene: Scene) -> list[Grant]:
    """Return what default privileges may have given it: to take what is not there does no harm.

    What the owner gets so is among what an owner has.
    """
    found: dict[Grant, None] = {}
    for default in _defaults(item, scene):
        for who, word, *_ in _acl(default.attributes["acl"]):
            found[who, word, False, None] = None
    return [grant for grant in found if grant[0] not in {None, item.attributes.get("owner")}]


def _taken_by_default(item: Object, scene: Scene) -> set[tuple[str | None, str]]:
    """Return what default privileges may have kept from it: those of no schema are the whole."""
    usual = {grant[:2] for grant in _acl_when_made(item, scene)}
    found: set[tuple[str | None, str]] = set()
    for default in _defaults(item, scene):
        if default.key.schema is None:
            found |= usual - {grant[:2] for grant in _acl(default.attributes["acl"])}
    return found


def acl_of(item: Object) -> list[Grant]:
    """Return the privileges of an object."""
    return _acl(item.attributes["acl"])


def grants(item: Object, wanted: list[Grant], given: list[Grant]) -> Iterator[Statement]:
    """Write REVOKE for what is too much, GRANT for what lacks; one statement for each grantee.

    What another than the owner granted is granted and revoked in the name of that role, after the
    owner has granted and before the owner revokes.
    """
    now = {_who_to_whom(grant): grant for grant in given}
    then = {_who_to_whom(grant): grant for grant in wanted}
    gone = [grant for key, grant in now.items() if key not in then]
    less = [g for key, g in now.items() if g[2] and key in then and not then[key][2]]
    more = [g for key, g in then.items() if key not in now or (g[2] and not now[key][2])]
    gone.sort(key=lambda grant: grant[3] is None)
    less.sort(key=lambda grant: grant[3] is None)
    more.sort(key=lambda grant: grant[3] is not None)
    if item.key.kind == "language" and not item.attributes["trusted"] and (gone or less or more):
        raise NotPlannable(
            f"{item.key} is not trusted, and has privileges",
            detail="PostgreSQL neither grants nor revokes anything on an untrusted language.",
            hint="Give it the privileges of a new language, while it is trusted.",
        )
    for found, head, word in (
        (gone, "revoke", "from"),
        (less, "revoke grant option for", "from"),
        (more, "grant", "to"),
    ):
        for (who, grantable, grantor), privileges in by_grantee(found).items():
            option = " with grant option" if head == "grant" and grantable else ""
            statement = Statement(
                f"{head} {privileges_of(item.key, sorted(privileges))} on {_granted_on(item.key)} "
                f"{word} {_grantee(item, who)}{option}",
                item.key,
                "privileges",
                hazards=(Hazard.PRIVILEGES,),
            )
            if grantor is None:
                yield statement
                continue
            yield Statement(f"set role {quote_identifier(grantor)}", item.key, "who grants it")
            yield statement
            yield Statement("reset role", item.key)


def _who_to_whom(grant: Grant) -> tuple[str | None, str, str | None]:
    who, privilege, _, grantor = grant
    return who, privilege, grantor


def by_grantee(grants: Iterable[Grant]) -> dict[tuple[str | None, bool, str | None], list[str]]:
    """Return the names of privileges by grantee, grant option and grantor."""
    found: dict[tuple[str | None, bool, str | None], list[str]] = {}
    for who, privilege, grantable, grantor in grants:
        found.setdefault((who, grantable, grantor), []).append(privilege)
    return found


def privileges_of(key: Key, names: list[str]) -> str:
    """Return privileges as GRANT takes them; all that a table has in a form that 15 knows, too."""
    if tuple(names) == _FOR_OWNER["table"]:
        return "all"
    if key.kind in {"column", "view column"}:
        return ", ".join(f"{name} ({quote_identifier(key.name)})" for name in names)
    if key.kind == "privileges" and key.parent == "table column":
        column = split_name(key.name)[1]
        return ", ".join(f"{name} ({column})" for name in names)
    return ", ".join(names)


def _granted_on(key: Key) -> str:
    if key.kind in {"column", "view column"}:
        return f"table {relation_path(key)}"
    if key.kind == "privileges":
        return granted_name(key.parent or "", key.name)
    return granted_target(key)


def _grantee(item: Object, who: str | None) -> str:
    if who is not None:
        return role(who)
    owner = item.attributes.get("owner")
    return quote_identifier(str(owner)) if owner is not None else "current_user"
