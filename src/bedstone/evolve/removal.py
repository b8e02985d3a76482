# SPDX-License-Identifier: Apache-2.0
"""Takes away what was written and is not to stay. Also a program: it outlives who started it.

As a program it reads paths, one a line as JSON, and removes them when its input ends without the
word ``keep``: then whoever wrote them was killed. It needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KEEP = "keep"


def remove(paths: Sequence[Path]) -> None:
    """Remove files, what Python compiled of them, and folders that are empty, the last first."""
    for path in reversed(paths):
        with contextlib.suppress(OSError):
            if path.is_dir():
                _remove_empty(path / "__pycache__")
                path.rmdir()
                continue
            path.unlink(missing_ok=True)
            for compiled in path.parent.glob(f"__pycache__/{_escaped(path.stem)}.*.pyc"):
                compiled.unlink(missing_ok=True)
            _remove_empty(path.parent / "__pycache__")


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def main() -> None:
    """Remove what was told of, unless it is to be kept."""
    paths: list[Path] = []
    for line in sys.stdin:
        if line.strip() == KEEP:
            return
        paths.append(Path(json.loads(line)))
    remove(paths)


if __name__ == "__main__":
    main()
