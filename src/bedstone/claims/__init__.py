# SPDX-License-Identifier: Apache-2.0
"""What a project states about itself."""

from bedstone.claims.lock import LOCK_NAME, Accepted, Lock, read_lock, render_lock

__all__ = ["LOCK_NAME", "Accepted", "Lock", "read_lock", "render_lock"]
