# SPDX-License-Identifier: Apache-2.0
"""The program, from its first moment on: also ``python -m bedstone``."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line and run it; an interrupt while it loads or ends is no traceback."""
    try:
        from bedstone.cli.app import main as run  # noqa: PLC0415  takes its time

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
