# SPDX-License-Identifier: Apache-2.0
"""Which variables the user's code reads, and which of them may hold the address."""

from __future__ import annotations

import os
import re
import sys

from .exceptions import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar


class RecordedEnvironment(os._Environ):  # type: ignore[type-arg]
    """``os.environ`` that remembers which names were asked for."""

    names: ClassVar[dict[str, bool]] = {}

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            RecordedEnvironment.names[key] = True
        return super().__getitem__(key)


_ADDRESS_NAME = re.compile(
    r"(URL|URI|DSN|CONN|DATABASE|POSTGRES|PGSQL|SQL|(^|_)(DB|PG)|(^|_)(HOST|PORT|USER))",
    re.IGNORECASE,
)


_OTHER_NAME = re.compile(
    r"ALEMBIC|REDIS|CELERY|BROKER|AMQP|RABBIT|KAFKA|NATS|MONGO|ELASTIC|SENTRY|SMTP|MAIL|LDAP|OIDC|OAUTH"
    r"|S3_|AWS|HTTP|PROXY|WEBHOOK|API_|BASE_URL|SITE|FRONTEND|PUBLIC|COVERAGE|POOL|ECHO|TIMEOUT",
    re.IGNORECASE,
)


_PARTS = (
    ("host", re.compile(r"(HOST(NAME)?|SERVER|ADDR(ESS)?)$", re.IGNORECASE)),
    ("port", re.compile(r"PORT$", re.IGNORECASE)),
    ("password", re.compile(r"(PASS(WORD|WD)?|PWD|SECRET)$", re.IGNORECASE)),
    ("user", re.compile(r"(USER(NAME)?|LOGIN|ROLE)$", re.IGNORECASE)),
    ("url", re.compile(r"(URL|URI|DSN|CONN(ECTION)?(_STRING)?|SQL_ALCHEMY_CONN)$", re.IGNORECASE)),
    ("dbname", re.compile(r"NAME$", re.IGNORECASE)),
    ("database", re.compile(r"(DB|DATABASE)$", re.IGNORECASE)),
)


def address_names(given: Sequence[str]) -> list[dict[str, str]]:
    """Return the variables that may hold the database address, each with the part it holds.

    The part ``database`` is the name beside other parts, and may be the whole address without.
    """
    names = [n for n in RecordedEnvironment.names if _ADDRESS_NAME.search(n)]
    names += [n for n in settings_names() if _ADDRESS_NAME.search(n) and n not in names]
    found = []
    for name in names:
        if name in given or name.startswith(("PG", "BEDSTONE")) or _OTHER_NAME.search(name):
            continue
        for part, pattern in _PARTS:
            if pattern.search(name):
                found.append({"name": name, "part": part})
                break
    return found


def is_about(error: BaseException, name: str) -> bool:
    """Whether *error* may come from what the variable *name* holds, or that it is not there."""
    text = str(error).lower()
    parts = name.lower().split("_")
    tails = {"_".join(parts[start:]) for start in range(len(parts))}
    if any(re.search(r"\b%s\b" % re.escape(tail), text) for tail in tails if len(tail) > 3):
        return True
    return type_name(error).startswith("sqlalchemy.exc.Argument")


def settings_names() -> list[str]:
    """Return the variables that the project's pydantic settings read."""
    names = []
    for module_name in ("pydantic_settings", "pydantic"):
        base = getattr(sys.modules.get(module_name), "__dict__", {}).get("BaseSettings")
        todo: list[Any] = list(base.__subclasses__()) if isinstance(base, type) else []
        while todo:
            cls = todo.pop()
            todo += cls.__subclasses__()
            if cls.__module__.startswith(("pydantic", "alembic")):
                continue
            config = getattr(cls, "model_config", {}) or {}
            prefix = str(config.get("env_prefix", "") if isinstance(config, dict) else "")
            fields = getattr(cls, "model_fields", None) or getattr(cls, "__fields__", {})
            names += [(prefix + name).upper() for name in fields]
    return names
