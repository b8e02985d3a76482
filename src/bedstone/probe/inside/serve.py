# SPDX-License-Identifier: Apache-2.0
"""The loaded process: takes requests and forks for each run."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import warnings

from .channel import Channel
from .exceptions import describe
from .originals import Lock, fork, select
from .runs import Runs
from .supervisor import supervise
from .surroundings import flush, renew_event_loop
from .variables import RecordedEnvironment, address_names, is_about

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Serve the client until it goes away."""
    descriptor, lifeline = int(sys.argv[1]), int(sys.argv[2])
    supervise(lifeline)
    channel = Channel(descriptor)
    spec = channel.receive()
    if spec is None:
        return
    faulthandler.enable()
    probe = Runs(channel, spec)
    try:
        probe.prepare()
    except BaseException as error:
        channel.send("failed", error=dict(describe(error), phase="prepare"))
        return
    while True:
        request = channel.receive() or {"op": "end"}
        if request["op"] == "end":
            leave()
        if request["op"] == "warm":
            warm(probe, channel, request)
        elif request.get("fork", True):
            run_in_fork(probe, channel, request)
        else:
            channel.send("done", **probe.run(request))
            return


def leave() -> None:
    """End the warm process as Python would, but without waiting for the user's threads."""
    flush()
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    flush()
    os._exit(0)


def warm(probe: Runs, channel: Channel, request: dict[str, Any]) -> None:
    """Load the project and report; the client decides what an error means."""
    try:
        facts = probe.warm(request)
    except BaseException as error:
        facts = dict(describe(error), phase=probe.phase, revision_file=probe.files.loading)
        names = address_names(probe.guard.given_names)
        facts["address_names"] = [n for n in names if is_about(error, n["name"])]
        read = "DATABASE_URL" in RecordedEnvironment.names
        facts["is_default_read"] = probe.is_default_given and read
        channel.send("failed", error=facts, refusals=probe.guard.refusals)
        return
    for thread in threading.enumerate():
        thread._bedstone_old = True  # type: ignore[attr-defined]
    channel.send("done", **facts)


def run_in_fork(probe: Runs, channel: Channel, request: dict[str, Any]) -> None:
    """Run *request* in a fork, and report how that process ended."""
    flush()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    alive_read, alive_write = os.pipe()
    go_read, go_write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = fork()
    if pid == 0:
        os.close(alive_read)
        os.close(go_write)
        os.setsid()
        os.read(go_read, 1)
        os.close(go_read)
        child(probe, channel, request)
    os.close(alive_write)
    os.close(go_read)
    channel.send("forked", pid=pid)
    os.close(go_write)
    status = wait_for(pid, alive_read, channel)
    os.close(alive_read)
    channel.send("exit", status=status)
    channel.receive()  # until the client has dealt with the group, the pid stays ours
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def wait_for(pid: int, alive: int, channel: Channel) -> int | None:
    """Wait for the fork to end without collecting it; end it when the client goes away."""
    watched = [channel.descriptor, alive]
    while True:
        ready = select(watched, [], [], 0.05)[0]
        if alive in ready:
            watched = [channel.descriptor]  # its end is closed: the process is ending
        if channel.descriptor in ready and channel.is_closed(0):
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            os._exit(1)
        try:
            options = os.WEXITED | os.WNOWAIT
            if alive in watched:
                options |= os.WNOHANG
            ended = os.waitid(os.P_PID, pid, options)
        except ChildProcessError:
            return None
        if ended is not None and ended.si_pid == pid:
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def child(probe: Runs, channel: Channel, request: dict[str, Any]) -> None:
    """Run the request and end the process without the warm process's farewells."""
    channel.lock = Lock()
    with contextlib.suppress(Exception):
        faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)
    renew_event_loop()
    try:
        facts = probe.run(request)
    except BaseException as error:
        facts = {"error": dict(describe(error), phase=probe.phase), "result": None}
    flush()
    with contextlib.suppress(OSError):
        channel.send("done", **facts)
    os._exit(0)
