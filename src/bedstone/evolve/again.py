# SPDX-License-Identifier: Apache-2.0
"""Statements in a form that can be run again, whatever of a cut-off run stayed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bedstone.plan import Transaction
from bedstone.plan.spelling import dollar_quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedstone.evolve.step import Step

_WORD = r'(?:"(?:[^"]|"")*"|[^\s".(]+)'
_NAME = rf"{_WORD}(?:\.{_WORD})*"
_TABLE = rf"alter table (?:only )?{_NAME}"
#: What says how things are to be, not what is to be done.
_AS_IT_IS = re.compile(
    rf"set local |comment on |grant |revoke |alter [a-z ]+? {_NAME} owner to |"
    rf"{_TABLE} (?:enable|disable|force|no force) |"
    rf"{_TABLE} alter column {_WORD} (?:set|drop) (?:default|not null|statistics|storage)\b"
)
#: How a statement begins, and how it does where it may be run again.
_BEGINNINGS = (
    (re.compile(rf"({_TABLE} add column )(?!if )"), r"\1if not exists "),
    (re.compile(r"create (?=function |procedure |trigger )"), "create or replace "),
)
_ADDED = re.compile(rf"({_TABLE}) add constraint ({_WORD}) (check|foreign key)\b", re.IGNORECASE)
_DROPPED = (
    re.compile(rf"({_TABLE} drop (?:column|constraint) )()({_WORD})"),
    re.compile(
        r"(drop (?:trigger|function|procedure|aggregate|view|materialized view|index|policy|"
        rf"sequence|type|domain) )(?!if |concurrently )((?:{_WORD}\.)*)({_WORD})"
    ),
)
#: What has no form that may be run again; what is there by then is what a run before has made.
_TYPE = re.compile(r"create (?:type|domain) ")
_IF_EXISTS = re.compile(r"\bdrop [a-z ]+? if exists ")
_KINDS = "(?:index|trigger|function|procedure)"
_MADE = (
    rf"{_TABLE} add (?:column|constraint) (?:if not exists )?{{}}(?!\w)",
    rf"create (?:or replace )?(?:unique )?{_KINDS}(?: concurrently)? (?:{_WORD}\.)*{{}}(?!\w)",
)


def repeatable(
    step: Step, before: Sequence[Step], *, with_foreign_keys: bool
) -> tuple[Step, ...] | None:
    """Return *step* so that it can be run again after *before*; ``None`` where it cannot be.

    To add a foreign key again it has to be dropped first, which takes a stronger lock than adding
    it: that is done only *with_foreign_keys*.
    """
    if _AS_IT_IS.match(step.sql):
        return (step,)
    for pattern, replacement in _BEGINNINGS:
        if pattern.match(step.sql):
            return (replace(step, sql=pattern.sub(replacement, step.sql, count=1)),)
    if _TYPE.match(step.sql):
        body = f"\nbegin\n    {step.sql};\nexception when duplicate_object then null;\nend\n"
        return (replace(step, sql=f"do {dollar_quoted(body)}"),)
    added = _ADDED.match(step.sql)
    if added is not None and (with_foreign_keys or added.group(3).lower() == "check"):
        drop = f"{added.group(1)} drop constraint if exists {added.group(2)}"
        comment = "what a run that was cut off has left"
        return (replace(step, sql=drop, comments=(comment,), source=None), step)
    for pattern in _DROPPED:
        dropped = pattern.match(step.sql)
        if dropped is not None and _may_be_gone(dropped.group(3), before):
            sql = pattern.sub(r"\1if exists \2\3", step.sql, count=1)
            return (replace(step, sql=sql),)
    return None


def _may_be_gone(name: str, before: Iterable[Step]) -> bool:
    """Whether the steps *before* can be run again without *name*, as none needs it or one makes it.

    The text of a step is searched, so a name that is a part of others is taken to be needed.
    """
    mentions = (step.sql for step in before if name in step.sql and not _IF_EXISTS.search(step.sql))
    first = next(mentions, None)
    if first is None:
        return True
    return any(re.match(form.replace("{}", re.escape(name)), first) for form in _MADE)


def cut(steps: Iterable[Step], *, with_foreign_keys: bool = False) -> tuple[tuple[Step, ...], ...]:
    """Cut *steps* into revisions that can be run again wherever they were cut off.

    In each, all but its last transaction may be repeated; the last is committed together with the
    revision's version.
    """
    parts: list[tuple[Step, ...]] = []
    done: list[Step] = []
    last: list[Step] = []
    for step in steps:
        if step.transaction is Transaction.SHARED:
            last.append(step)
            continue
        again = _all_repeatable(last, done, with_foreign_keys=with_foreign_keys)
        if again is None:
            parts.append((*done, *last))
            done = []
        else:
            done += again
        last = []
        done.append(step)
    return (*parts, (*done, *last)) if done or last else tuple(parts)


def _all_repeatable(
    steps: Sequence[Step], before: Sequence[Step], *, with_foreign_keys: bool
) -> list[Step] | None:
    found: list[Step] = []
    for step in steps:
        again = repeatable(step, (*before, *found), with_foreign_keys=with_foreign_keys)
        if again is None:
            return None
        found += again
    return found
