# SPDX-License-Identifier: Apache-2.0
"""Turns what stopped a project from being loaded into a coded error."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bedstone.errors import (
    AddressRefused,
    ApplicationFailed,
    BedstoneError,
    ConfigUnusable,
    DependencyMissing,
    DialectUnsupported,
    DriverMissing,
    EnvironmentScriptFailed,
    EnvironmentScriptIdle,
    HeadsAmbiguous,
    HistoryInvalid,
    ModelsUnusable,
    ProjectProcessLost,
    ProjectSyntaxError,
    ProjectTookTooLong,
    ProjectTooOld,
    RevisionCycle,
    RevisionDuplicate,
    RevisionFileFailed,
    RevisionMissing,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bedstone.probe import Reply

_PACKAGES = {"psycopg2": "psycopg2-binary", "psycopg": "'psycopg[binary]'"}
#: Errors that no address mends.
_NO_ADDRESS = frozenset({"SyntaxError", "IndentationError", "ImportError", "NameError"})
#: What each part of an address is given as.
_PLACEHOLDERS = {name: f"{{{name}}}" for name in ("host", "port", "user", "password", "dbname")}
_PLACEHOLDERS["database"] = "{dbname}"
_DRIVERS = ("psycopg2", "psycopg", "asyncpg", "pg8000")


def failure_of(reply: Reply, *, python: Path, timeout: float) -> BedstoneError:
    """Return the error that a failed start amounts to."""
    if reply.ended_by == "timeout":
        return ProjectTookTooLong(
            f"loading the project did not end within {timeout:g} s",
            detail=_said(reply) or "env.py and what it imports had printed nothing.",
            hint="Allow more: timeout = SECONDS in bedstone.toml",
        )
    refused = [e for e in reply.events if e["event"] == "refused"]
    if reply.ended_by == "refusal":
        return _refused(refused[-1], versions_of(reply))
    told = reply.error
    if told is None:
        return ProjectProcessLost(
            "the process that loads the project ended without a word"
            + (f", status {reply.status}" if reply.status is not None else ""),
            detail=_said(reply) or "It had printed nothing.",
            hint=f"See whether the project loads by itself: {python} -m alembic heads",
        )
    if told.get("kind") == "refused" or (refused and told.get("kind") is None):
        return _refused(refused[-1], versions_of(reply))
    return _BY_KIND.get(told.get("kind") or "", _plain)(told, python)


def _said(reply: Reply) -> str:
    lines = reply.output.strip().splitlines()
    return "It printed last: " + " / ".join(lines[-3:]) if lines else ""


def _plain(told: Mapping[str, Any], python: Path) -> BedstoneError:
    """Name an exception that is none of the probe's own."""
    cls = told["type"].rpartition(".")[2]
    module = told.get("missing_module")
    revision_file = told.get("revision_file")
    if cls in {"SyntaxError", "IndentationError", "TabError"}:
        return ProjectSyntaxError(
            f"{_place(told)} is not valid Python: {told['message'].partition(' (')[0]}",
            detail=f"The line reads: {told['text'].strip()}" if told.get("text") else None,
            hint="Mend the file; nothing was run.",
        )
    if module in _DRIVERS:
        return driver_missing(module, python)
    if module:
        return DependencyMissing(
            f"{_place(told)} imports {module}, which {python} does not have",
            detail=told["traceback"].rstrip() or None,
            hint=f"{python} -m pip install {module.partition('.')[0]}, or name the project's own "
            "interpreter: --python path/to/.venv/bin/python",
        )
    if cls in {"CycleDetected", "DependencyCycleDetected"}:
        return RevisionCycle(
            told["message"][:1].lower() + told["message"][1:],
            detail="No order exists in which they could be run.",
            hint="Mend down_revision or depends_on of one of them.",
        )
    if revision_file:
        return RevisionFileFailed(
            f"the revision file {revision_file} cannot be loaded: {cls}: {told['message']}",
            detail=told["traceback"].rstrip() or None,
            hint="Mend the file; nothing was run.",
        )
    return _by_phase(told, cls)


def _by_phase(told: Mapping[str, Any], cls: str) -> BedstoneError:
    phase, message = told.get("phase"), told["message"]
    trace = told["traceback"].rstrip() or None
    if phase in {"config", "script"}:
        return ConfigUnusable(
            f"Alembic cannot use the project's configuration: {message}",
            detail=trace if cls != "CommandError" else None,
            hint="Name the ini file (--config) and the script location it should have.",
        )
    if phase == "models":
        return ModelsUnusable(
            f"the models cannot be loaded: {cls}: {message}",
            detail=trace,
            hint="Name them as package.module:metadata or package.module:Base.",
        )
    if phase == "app":
        return ApplicationFailed(
            f"the Flask application cannot be made: {cls}: {message}",
            detail=trace,
            hint='Name a factory or an application: app = "package.module:create_app"',
        )
    if "Multiple head" in message:
        return HeadsAmbiguous(
            "the history has several heads, and one was asked for",
            detail=message,
            hint='Ask for all: heads = ["heads"] in bedstone.toml, or merge them: '
            "alembic merge heads",
        )
    if phase == "graph":
        return HistoryInvalid(
            f"Alembic cannot make a history of the revision files: {message}",
            detail=trace if cls not in {"CommandError", "RevisionError"} else None,
            hint="alembic history says the same.",
        )
    without_app = cls == "AttributeError" and "current_app" in str(trace)
    if without_app or "application context" in message:
        hint = 'Name the Flask application: app = "package.module:create_app" in bedstone.toml'
    else:
        hint = address_hint(told.get("address_names") or ()) or "Mend env.py, or what it imports."
    return EnvironmentScriptFailed(f"{_place(told)}: {cls}: {message}", detail=trace, hint=hint)


def _place(told: Mapping[str, Any]) -> str:
    file, line = told.get("file"), told.get("line")
    if not file:
        return "the project's code"
    return f"{file}, line {line}" if line else str(file)


def _refused(told: Mapping[str, Any], versions: Mapping[str, Any]) -> BedstoneError:
    hint = address_hint(told["names"], url_form(told.get("driver"), versions))
    if told.get("reason") == "witness":
        return AddressRefused(
            "the project's code came out in another database than the one it was given",
            detail=f"Its session, through {told['driver']}, does not see the lock that bedstone "
            "holds in the scratch database. Nothing was run in it.",
            hint="Look for a proxy, pooler or tunnel on that address.",
        )
    scheme = str(told["address"]).partition(":")[0]
    if scheme != "postgresql":
        return DialectUnsupported(
            f"the project's code was about to open {told['address']}, which is no PostgreSQL",
            detail="Nothing was opened.",
            hint=hint or "Tell env.py its database: --env DATABASE_URL={url}",
        )
    return AddressRefused(
        f"the project's code was about to connect to {told['address']}, which is not the database "
        "that bedstone gave it",
        detail="It was stopped before it connected, so nothing was touched.",
        hint=hint
        or "Tell env.py its database: --env DATABASE_URL={url}, or -x, or files in bedstone.toml",
    )


def versions_of(reply: Reply) -> Mapping[str, Any]:
    """Return the versions of Python, SQLAlchemy and Alembic that the project has."""
    return next((event for event in reply.events if event["event"] == "versions"), {})


def url_form(driver: str | None, versions: Mapping[str, Any]) -> str:
    """Return the placeholder of an address that SQLAlchemy opens with *driver*.

    From SQLAlchemy 2.1 on an address that names none means psycopg 3, before that psycopg2.
    """
    numbers = re.findall(r"\d+", str(versions.get("sqlalchemy", "")))[:2]
    default = "psycopg" if tuple(map(int, numbers)) >= (2, 1) else "psycopg2"
    return "{url}" if driver not in _DRIVERS or driver == default else f"{{url:{driver}}}"


def address_hint(names: Sequence[Mapping[str, str]], form: str = "{url}") -> str | None:
    """Return the options that would give the address in the variables that were read."""
    chosen = _chosen(names, form)
    if not chosen:
        return None
    options = " ".join(f"--env '{name}={value}'" for name, value in chosen.items())
    return f"env.py reads {', '.join(chosen)}; give the address there: {options}"


def guesses(reply: Reply, *, quick: bool) -> list[dict[str, str]]:
    """Return variables that may give the project its address, likeliest first; often none."""
    refused = [event for event in reply.events if event["event"] == "refused"]
    error = reply.error or {}
    if refused:
        names, driver = refused[-1]["names"], refused[-1].get("driver")
        forms = [url_form(driver, versions_of(reply)), "{url}"]
    elif error.get("phase") not in {"env", "app"} or error["type"] in _NO_ADDRESS:
        return []
    elif error.get("is_default_read") and asks_for_async(reply):
        names, forms = [{"name": "DATABASE_URL", "part": "url"}], ["{url:asyncpg}", "{url:psycopg}"]
    else:
        names, forms = error.get("address_names") or (), ["{url}", "{url:asyncpg}"]
    if _is_either(names):
        forms[1:] = ["{dbname}"]
    found = [_chosen(names, form) for form in dict.fromkeys(forms)]
    return [guess for guess in found if guess][: 2 if quick else 1]


def asks_for_async(reply: Reply) -> bool:
    """Whether the project failed because its driver is not an asynchronous one."""
    return "async" in str((reply.error or {}).get("message"))


def _is_either(names: Sequence[Mapping[str, str]]) -> bool:
    """Whether nothing but a "database" is read: its name, or likelier its whole address."""
    return all(n["part"] == "database" for n in names)


def _chosen(names: Sequence[Mapping[str, str]], form: str) -> dict[str, str]:
    if _is_either(names):
        return {n["name"]: form for n in names}
    whole = {n["name"]: form for n in names if n["part"] == "url"}
    parts = {n["name"]: _PLACEHOLDERS[n["part"]] for n in names if n["part"] != "url"}
    return dict(list((whole or parts).items())[:8])


def driver_missing(driver: str | None, python: Path) -> DriverMissing:
    """Return the error of a driver that the project's interpreter does not have."""
    name = driver or "psycopg2"
    others = "" if driver is None else ", or write the address for another: {url:asyncpg}"
    return DriverMissing(
        f"{python} has no driver {driver}" if driver else f"{python} has no PostgreSQL driver",
        detail="The address reaches env.py, and SQLAlchemy cannot open it.",
        hint=f"{python} -m pip install {_PACKAGES.get(name, name)}{others}",
    )


def _too_old(told: Mapping[str, Any], python: Path) -> BedstoneError:
    return ProjectTooOld(
        f"the project has {told['package']} {told['version']}; bedstone works with "
        f"{told['oldest']} and newer",
        hint=f"{python} -m pip install --upgrade {told['package']}",
    )


def _dialect(told: Mapping[str, Any], _: Path) -> BedstoneError:
    return DialectUnsupported(
        f"env.py migrates a {told['dialect']} database, not PostgreSQL",
        hint=address_hint(told.get("address_names") or ())
        or "Tell env.py its database: --env DATABASE_URL={url}",
    )


def _idle(_told: Mapping[str, Any], _: Path) -> BedstoneError:
    return EnvironmentScriptIdle(
        "env.py ended without calling context.run_migrations()",
        detail="Called as for alembic upgrade heads, it ran no migration on any database.",
        hint="Look for a condition in env.py that leaves early.",
    )


def _unguarded(told: Mapping[str, Any], _: Path) -> BedstoneError:
    return AddressRefused(
        f"the driver {told['driver']} connects in a way that bedstone cannot watch",
        detail="So it cannot be sure which database env.py would change, and nothing was run.",
        hint='Set another: driver = "psycopg2" in bedstone.toml',
    )


def _unreadable(told: Mapping[str, Any], _: Path) -> BedstoneError:
    reason = told["message"].rstrip(".")
    return ConfigUnusable(
        f"{_place(told)} cannot be read: {reason[:1].lower()}{reason[1:]}",
        hint="Mend the file; nothing was run.",
    )


def _missing_revision(told: Mapping[str, Any], _: Path) -> BedstoneError:
    where = ", ".join(told.get("referrers") or ()) or "a revision"
    return RevisionMissing(
        f"revision {told['revision']} is not there, and {where} stands on it",
        detail="Alembic cannot make a history with a hole.",
        hint="Bring the file back, or mend down_revision.",
    )


def _duplicate(told: Mapping[str, Any], _: Path) -> BedstoneError:
    return RevisionDuplicate(
        f"revision {told['revision']} is there {len(told['paths'])} times",
        detail="Alembic would take one of them and ignore the others: " + ", ".join(told["paths"]),
        hint="Give one of them another id.",
    )


def _no_object(told: Mapping[str, Any], _: Path) -> BedstoneError:
    near = get_close_matches(told["attribute"], told.get("names") or (), n=3)
    return ModelsUnusable(
        f"module {told['module']} has no {told['attribute']}",
        hint=f"Did you mean {' or '.join(near)}?" if near else "Name what the module has.",
    )


def _no_metadata(told: Mapping[str, Any], _: Path) -> BedstoneError:
    return ModelsUnusable(
        told["message"], hint="Name them as package.module:metadata or package.module:Base."
    )


_BY_KIND = {
    "too-old": _too_old,
    "driver": lambda told, python: driver_missing(told.get("driver"), python),
    "dialect": _dialect,
    "no-run": _idle,
    "unguarded": _unguarded,
    "configuration": _unreadable,
    "missing-revision": _missing_revision,
    "duplicate-revision": _duplicate,
    "no-object": _no_object,
    "no-metadata": _no_metadata,
}
