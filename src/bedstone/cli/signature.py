# SPDX-License-Identifier: Apache-2.0
"""Lets a command take several options as one object."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def spread(run: Callable[..., None]) -> Callable[..., None]:
    """Return *run* with the fields of a dataclass in the place of the one parameter of its type."""
    own = signature(run, eval_str=True)
    found = [p for p in own.parameters.values() if is_dataclass(p.annotation)]
    if not found:
        return run
    (group,) = found
    options = list(_options(group.annotation))

    @wraps(run)
    def spreading(**given: Any) -> None:
        values = {option.name: given.pop(option.name) for option in options}
        run(**given, **{group.name: group.annotation(**values)})

    parameters = list(own.parameters.values())
    place = parameters.index(group)
    parameters[place : place + 1] = options
    spreading.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return spreading


def _options(group: type) -> Iterator[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        yield Parameter(
            field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
