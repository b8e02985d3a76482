# SPDX-License-Identifier: Apache-2.0
"""The process that runs the user's code, and the protocol spoken with it."""

from bedstone.probe.client import ProbeClient, Reply, Speech
from bedstone.probe.delivery import Delivery, Places, render

__all__ = ["Delivery", "Places", "ProbeClient", "Reply", "Speech", "render"]
