# SPDX-License-Identifier: Apache-2.0
"""What the keeper has done before the embedded server goes to sleep: clear up after the dead.

Run as ``python -m bedstone.server.idle`` with the server's folder on standard input.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bedstone.server.embedded import addresses, running_state
from bedstone.server.home import Home
from bedstone.server.server import inspect_server
from bedstone.server.workspace import clear_up


def main() -> None:
    """Drop what dead runs left on the server whose folder is named on standard input."""
    home = Home(Path(sys.stdin.read()))
    state = running_state(home)
    if state is None:
        return
    socket, tcp = addresses(home, state)
    server = inspect_server(socket, user_dsn=tcp, bin_dir=None, embedded=True)
    with server.connect() as control:
        clear_up(server, control)


if __name__ == "__main__":
    main()
