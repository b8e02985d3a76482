# SPDX-License-Identifier: Apache-2.0
"""The process that runs the user's code, and the protocol spoken with it."""

from bedstone.probe.client import SHORTEST_SECRET, ProbeClient, Reply, Speech
from bedstone.probe.delivery import GUARDED, Delivery, Places, render

__all__ = [
    "GUARDED",
    "SHORTEST_SECRET",
    "Delivery",
    "Places",
    "ProbeClient",
    "Reply",
    "Speech",
    "render",
]
