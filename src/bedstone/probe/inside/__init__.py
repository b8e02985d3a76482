# SPDX-License-Identifier: Apache-2.0
"""What runs in the user's interpreter: none of it is imported by bedstone itself.

It is started as a program by ``bedstone.probe.client``, needs nothing but the standard library
(Python 3.8 or newer), and works with the Alembic (1.8 or newer) and SQLAlchemy (1.3 or newer) that
it finds there. In that process the package is called ``_bedstone_probe``. What happens:

* The first process becomes the *supervisor*: it does nothing but end every process that descends
  from it as soon as the client is gone, however that came about.
* Its child is the *loaded* process. It loads the project and runs its ``env.py`` once, so that
  imports are paid once.
* Every run happens in a *fork* of the loaded process, in a session (and process group) of its own.

Both ends talk in JSON lines over an inherited socket. Standard output and error belong to the
user's code; standard input is ``/dev/null``. The guard (``guard``, ``drivers``) keeps the user's
code away from every other database.
"""
