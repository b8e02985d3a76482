# SPDX-License-Identifier: Apache-2.0
"""The process that ends all others of the project as soon as bedstone is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from .originals import fork, select


def supervise(lifeline: int) -> None:
    """Fork the warm process and return in it; end everything when *lifeline* closes."""
    adopt_orphans()
    pid = fork()
    if pid == 0:
        os.close(lifeline)
        return
    for descriptor in range(3, 256):
        if descriptor != lifeline:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    status = None
    while status is None:
        gone = select([lifeline], [], [], 0.2)[0] and not os.read(lifeline, 1)
        if gone:
            break
        status = reap(pid)
    end_descendants()
    os._exit(0 if status is None else status >> 8 or (status & 127 and 128 + (status & 127)))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def reap(pid: int) -> int | None:
    """Collect ended children; return the status of *pid* once it has ended."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if ended == pid:
            return status
        if ended == 0:
            return None


def end_descendants() -> None:
    """Kill every process that descends from this one, until there is none."""
    for _ in range(50):
        found = descendants(os.getpid())
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reap(-2)
        if not found:
            return
        time.sleep(0.02)


def descendants(root: int) -> list[int]:
    """Return the processes below *root* that still run."""
    parents = {}
    if os.path.isdir("/proc/self"):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open("/proc/%s/stat" % name, "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                    if fields[0] != b"Z":
                        parents[int(name)] = int(fields[1])
    else:
        import subprocess

        listing = subprocess.run(
            ["/bin/ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, check=False
        ).stdout
        for line in listing.splitlines():
            words = line.split()
            if len(words) == 3 and not words[2].startswith(b"Z"):
                parents[int(words[0])] = int(words[1])
    found, queue = [], [root]
    while queue:
        parent = queue.pop()
        for pid, above in parents.items():
            if above == parent and pid not in found and pid != os.getpid():
                found.append(pid)
                queue.append(pid)
    return found
