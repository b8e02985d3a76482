# SPDX-License-Identifier: Apache-2.0
"""Every failure a user can meet, each with a code that never changes meaning.

An error has four parts, as PostgreSQL's own have: code, message, detail, hint. The message is
lower case, has no period, and names the object and the value found. The server's error, where
there is one, stays as the cause.

Groups: BED0 server and connection, BED1 target, project and history, BED2 plan, BED3 findings of
proofs (see ``findings``), BED4 run, BED9 a bug in bedstone.
"""

from bedstone.errors.command import *
from bedstone.errors.error import *
from bedstone.errors.history import *
from bedstone.errors.plan import *
from bedstone.errors.project import *
from bedstone.errors.run import *
from bedstone.errors.server import *
