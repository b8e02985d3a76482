# SPDX-License-Identifier: Apache-2.0
"""Takes away what was written and is not to stay. Also a program, which outlives who started it.

As a program it waits for its input to end. Where that ends without the word ``keep``, whoever
started it has given up or was killed, and it removes what the journal names. It needs nothing but
the standard library.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path

KEEP = "keep"
#: Seconds until the processes that may still be writing have ended.
_LEAVING = 1.0


def journaled(journal: Path) -> tuple[Path, ...]:
    """Return the files and folders that *journal* names, in the order they were made."""
    with contextlib.suppress(OSError):
        lines = journal.read_text(encoding="utf-8").splitlines()
        return tuple(Path(json.loads(line)) for line in lines)
    return ()


def remove(journal: Path) -> None:
    """Remove files, what Python compiled of them, and folders that are empty, the last first."""
    for path in reversed(journaled(journal)):
        with contextlib.suppress(OSError):
            if path.is_dir():
                _remove_empty(path / "__pycache__")
                path.rmdir()
                continue
            path.unlink(missing_ok=True)
            for compiled in (path.parent / "__pycache__").iterdir():
                if compiled.name.startswith(f"{path.stem}.") and compiled.suffix == ".pyc":
                    compiled.unlink(missing_ok=True)
            _remove_empty(path.parent / "__pycache__")


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def main() -> None:
    """Wait, and remove what is not to be kept."""
    journal = Path(sys.argv[1])
    if sys.stdin.read().strip() != KEEP:
        time.sleep(_LEAVING)
        remove(journal)
        journal.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
