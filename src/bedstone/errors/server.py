# SPDX-License-Identifier: Apache-2.0
"""The server, the connection to it, and what leads there: BED0."""

from __future__ import annotations

from bedstone.errors.error import BedstoneError, ExitStatus


class ServerUnreachable(BedstoneError):
    """Nothing that speaks PostgreSQL's protocol answers at the address."""

    code = "BED001"


class PasswordRefused(BedstoneError):
    """The server wants a password and refuses the one it was given, or none was given."""

    code = "BED002"


class DatabaseMissing(BedstoneError):
    """The server has no database of the name in the address."""

    code = "BED003"


class TlsNeeded(BedstoneError):
    """The server takes only encrypted connections and this one was not."""

    code = "BED004"


class TlsRefused(BedstoneError):
    """The address asks for encryption that the server, or its certificate, does not give."""

    code = "BED005"


class TooManyConnections(BedstoneError):
    """The server, the database or the role has no connection left."""

    code = "BED006"


class LoginRefused(BedstoneError):
    """The role may not log in here: no LOGIN, no such role, or no rule in pg_hba.conf."""

    code = "BED007"


class ServerTooOld(BedstoneError):
    """The server is older than the oldest version bedstone works on."""

    code = "BED008"


class CreatedbMissing(BedstoneError):
    """The role may not create databases, so there is no scratch database to work in."""

    code = "BED009"


class DiskFull(BedstoneError):
    """The disk that holds the server's data, or the embedded server itself, is full."""

    code = "BED010"


class BinariesMissing(BedstoneError):
    """No PostgreSQL programs where they were looked for."""

    code = "BED011"


class BinariesBroken(BedstoneError):
    """PostgreSQL's programs are there and cannot be run."""

    code = "BED012"


class ServerNotStarted(BedstoneError):
    """The embedded server could not be made or started."""

    code = "BED013"


class AccountMissing(BedstoneError):
    """PostgreSQL refuses root, and no other account can be used to run it."""

    code = "BED014"


class CacheUnusable(BedstoneError):
    """No folder in which the embedded server could keep its data."""

    code = "BED015"


class DirectoryNotOurs(BedstoneError):
    """A folder stands where the embedded server would be made, and bedstone did not make it."""

    code = "BED016"


class ServerNotReady(BedstoneError):
    """The server is there and takes no connections: starting, stopping or recovering."""

    code = "BED017"


class ConnectionRefused(BedstoneError):
    """The server refused the connection for a reason that has no code of its own."""

    code = "BED018"


class ConnectionLost(BedstoneError):
    """The server closed a connection that was in use."""

    code = "BED019"


class TemplateInUse(BedstoneError):
    """A database cannot be copied because sessions stay connected to it."""

    code = "BED020"


class ScratchStuck(BedstoneError):
    """A scratch database cannot be made, emptied or dropped."""

    code = "BED021"


class DumpFailed(BedstoneError):
    """pg_dump ended with an error."""

    code = "BED022"


class ServerReadOnly(BedstoneError):
    """The server is a standby, or its transactions are read-only."""

    code = "BED023"


class RoleConflict(BedstoneError):
    """Another run on the same server made a role of the same name."""

    code = "BED024"


class DsnInvalid(BedstoneError):
    """A connection string cannot be read."""

    code = "BED050"
    exit_status = ExitStatus.USAGE


class SqlTextInvalid(BedstoneError):
    """A text that has to become part of SQL cannot be part of any."""

    code = "BED060"
    exit_status = ExitStatus.USAGE


class SettingsInvalid(BedstoneError):
    """A settings file or a ``BEDSTONE_*`` variable holds something bedstone cannot use."""

    code = "BED070"
    exit_status = ExitStatus.USAGE
