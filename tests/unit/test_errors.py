# SPDX-License-Identifier: Apache-2.0
"""Every error is coded, named by its fact, and explained."""

from __future__ import annotations

import re

import pytest

from bedstone.errors import BedstoneError, ExitStatus, registered_errors

ALL = list(registered_errors().values())


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_an_error_has_a_code_a_docstring_and_an_exit_status(error: type[BedstoneError]) -> None:
    assert re.fullmatch(r"BED[0-9]{3}", error.code)
    assert error.__doc__
    assert error.__doc__.strip()
    assert error.exit_status in set(ExitStatus)


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_an_error_is_shown_in_four_parts(error: type[BedstoneError]) -> None:
    shown = str(error("x is y", detail="Because.", hint="Do z"))
    assert shown == f"{error.code}: x is y\n  detail: Because.\n  hint: Do z"


def test_a_code_belongs_to_one_class() -> None:
    with pytest.raises(TypeError, match="BED900 is already the code of InternalError"):
        type("Second", (BedstoneError,), {"code": "BED900"})
