# SPDX-License-Identifier: Apache-2.0
"""What bedstone calls the databases it makes, and how it knows them again.

A scratch database carries three signs. Its **name** is ``bedstone_<run>_<label>``. Its **mark**,
a connection limit that is worked out from the name, is there from the instant it is made,
because CREATE DATABASE sets both at once. Its **tag**, a comment with JSON, says who made it
when. A database is only ever taken for one of ours when the name and one of the other two agree.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_SCRATCH = re.compile(r"bedstone_([0-9a-f]{12})_[a-z0-9_]+")
_CACHED = re.compile(r"bedstone_t_([0-9a-f]{32})")
_NAME_BYTES = 63

#: The upper 16 bits of the advisory lock that a run holds, and of the one on a cached template.
RUN_LOCK_SPACE = 0x0BED
TEMPLATE_LOCK_SPACE = 0x0BEE

#: The advisory lock under which runs of ours come and go.
GATE_LOCK = 0x0BEF << 48


@dataclass(frozen=True, slots=True)
class RunName:
    """The name of one run: 48 random bits, also the key of the lock that proves it alive."""

    id: str

    @classmethod
    def new(cls) -> RunName:
        """Return a name that no other run has."""
        return cls(secrets.token_hex(6))

    @property
    def lock_key(self) -> int:
        """The advisory lock's key, positive and below 2**63."""
        return RUN_LOCK_SPACE << 48 | int(self.id, 16)

    def database(self, label: str) -> str:
        """Return the name of this run's database for *label*."""
        plain = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "scratch"
        return f"bedstone_{self.id}_{plain}"[:_NAME_BYTES]


def run_of(database: str) -> RunName | None:
    """Return the run that a database's name speaks of."""
    match = _SCRATCH.fullmatch(database)
    return RunName(match.group(1)) if match else None


def cached_name(key: str) -> str:
    """Return the name of the cached template for *key*."""
    return f"bedstone_t_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def is_cached_name(database: str) -> bool:
    """Whether a database's name is one of a cached template."""
    return _CACHED.fullmatch(database) is not None


def template_lock_key(database: str) -> int:
    """Return the key of the lock that holds a cached template in its place."""
    digest = hashlib.sha256(database.encode()).digest()
    return TEMPLATE_LOCK_SPACE << 48 | int.from_bytes(digest[:6])


def mark_of(database: str) -> int:
    """Return the connection limit that marks a database of this name as ours.

    It is above a thousand million, so it limits nothing.
    """
    return 0x40000000 | zlib.crc32(database.encode()) & 0x3FFFFFFF


def render_tag(run: RunName, label: str, **facts: Any) -> str:
    """Return the comment of a database that *run* makes."""
    tag = {
        "bedstone": 1,
        "run": run.id,
        "label": label,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "host": socket.gethostname(),
        **facts,
    }
    return json.dumps(tag)


def read_tag(comment: str | None) -> dict[str, Any] | None:
    """Return what a comment says, if it is a tag of ours."""
    if not comment or not comment.startswith("{"):
        return None
    try:
        tag = json.loads(comment)
    except ValueError:
        return None
    return tag if isinstance(tag, dict) and tag.get("bedstone") == 1 else None


def is_ours(database: str, limit: int, comment: str | None) -> bool:
    """Whether a database is one that bedstone made, by its name and its mark or tag."""
    run = run_of(database)
    if run is None and not is_cached_name(database):
        return False
    if limit == mark_of(database):
        return True
    tag = read_tag(comment)
    return tag is not None and (run is None or tag.get("run") == run.id)
