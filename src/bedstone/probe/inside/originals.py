# SPDX-License-Identifier: Apache-2.0
"""Functions of the standard library, kept from before the user's code can replace them.

Libraries such as gevent and freezegun do.
"""

import os
import threading
import time
from select import select

__all__ = ["Lock", "clock", "fork", "select"]

fork = os.fork
clock = time.perf_counter
Lock = threading.Lock
