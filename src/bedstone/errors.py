# SPDX-License-Identifier: Apache-2.0
"""Every failure a user can meet, each with a code that never changes meaning.

An error has four parts, as PostgreSQL's own have: code, message, detail, hint. The message is
lower case, has no period, and names the object and the value found. The server's error, where
there is one, stays as the cause.

Groups: BED0 server and connection, BED1 target, project and history, BED2 plan, BED3 findings of
proofs (see ``findings``), BED4 run, BED9 a bug in bedstone.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """What a command's exit status says."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    ENVIRONMENT = 3
    BUG = 4


_REGISTRY: dict[str, type[BedstoneError]] = {}


class BedstoneError(Exception):
    """The root of every error that bedstone raises at a user."""

    code: ClassVar[str] = ""
    exit_status: ClassVar[ExitStatus] = ExitStatus.ENVIRONMENT

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Register the class under its code, which no other class may have."""
        super().__init_subclass__(**kwargs)
        code = cls.__dict__.get("code")
        if code is None:
            return
        if code in _REGISTRY:
            raise TypeError(f"{code} is already the code of {_REGISTRY[code].__name__}")
        _REGISTRY[code] = cls

    def __init__(self, message: str, *, detail: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.message}"]
        if self.detail:
            lines.append(f"  detail: {self.detail}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def registered_errors() -> dict[str, type[BedstoneError]]:
    """Return every error class by its code, in order of the codes."""
    return dict(sorted(_REGISTRY.items()))


# --- BED0: server and connection ---------------------------------------------------------------


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


# --- BED1: target, project, history ------------------------------------------------------------


class TargetUnknown(BedstoneError):
    """A target names nothing that is here."""

    code = "BED100"
    exit_status = ExitStatus.USAGE


class TargetAmbiguous(BedstoneError):
    """A target names more than one thing."""

    code = "BED101"
    exit_status = ExitStatus.USAGE


class TargetUnsupported(BedstoneError):
    """A target is recognised, and this release cannot work with its kind."""

    code = "BED102"
    exit_status = ExitStatus.USAGE


class ConfigUnusable(BedstoneError):
    """Alembic's configuration cannot be read or leads nowhere."""

    code = "BED103"


class InterpreterNotFound(BedstoneError):
    """No Python interpreter was found that can run the project."""

    code = "BED104"


class ProjectTooOld(BedstoneError):
    """The project's Alembic, SQLAlchemy or Python is older than bedstone can work with."""

    code = "BED105"


class DriverMissing(BedstoneError):
    """The project's interpreter has no driver that its address can be used with."""

    code = "BED106"


class DependencyMissing(BedstoneError):
    """The project's code imports a module that its interpreter does not have."""

    code = "BED107"


class ProjectSyntaxError(BedstoneError):
    """A file of the project is not valid Python."""

    code = "BED108"


class EnvironmentScriptFailed(BedstoneError):
    """``env.py`` raised an exception."""

    code = "BED109"


class EnvironmentScriptIdle(BedstoneError):
    """``env.py`` ended without running migrations."""

    code = "BED110"


class AddressRefused(BedstoneError):
    """The project's code was about to reach a database that bedstone did not give it."""

    code = "BED111"
    exit_status = ExitStatus.USAGE


class DialectUnsupported(BedstoneError):
    """``env.py`` migrates something else than PostgreSQL."""

    code = "BED112"
    exit_status = ExitStatus.USAGE


class ModelsUnusable(BedstoneError):
    """The models that were named are no metadata, or are not there."""

    code = "BED113"
    exit_status = ExitStatus.USAGE


class ApplicationFailed(BedstoneError):
    """The Flask application that was named cannot be made."""

    code = "BED114"


class ProjectTookTooLong(BedstoneError):
    """Loading the project took longer than the time limit."""

    code = "BED115"


class ProjectProcessLost(BedstoneError):
    """The process that loads the project ended without a word."""

    code = "BED116"


class RevisionFileFailed(BedstoneError):
    """A revision file cannot be loaded."""

    code = "BED117"


class HistoryEmpty(BedstoneError):
    """The history has no revision."""

    code = "BED150"


class RevisionMissing(BedstoneError):
    """A revision names another that is not there."""

    code = "BED151"


class RevisionDuplicate(BedstoneError):
    """Two files have the same revision id."""

    code = "BED152"


class RevisionCycle(BedstoneError):
    """Revisions stand on each other in a circle."""

    code = "BED153"


class HeadsAmbiguous(BedstoneError):
    """One head was asked for and the history has several."""

    code = "BED154"
    exit_status = ExitStatus.USAGE


class HistoryInvalid(BedstoneError):
    """Alembic cannot make a history of the revision files."""

    code = "BED155"


class BootstrapUnusable(BedstoneError):
    """The bootstrap that the settings name cannot be run."""

    code = "BED156"
    exit_status = ExitStatus.USAGE


class FileNameInvalid(BedstoneError):
    """A SQL file is named like a migration and its name cannot be read as one."""

    code = "BED157"
    exit_status = ExitStatus.USAGE


class FileDuplicate(BedstoneError):
    """Two SQL files have the same version, or are the same repeatable file or undo file."""

    code = "BED158"


class FileUndecodable(BedstoneError):
    """A SQL file is not in its encoding, or holds a NUL."""

    code = "BED159"


class PlaceholderUnknown(BedstoneError):
    """A SQL file has a placeholder that nothing is given for."""

    code = "BED160"
    exit_status = ExitStatus.USAGE


class MetaCommand(BedstoneError):
    """A SQL file has a command of psql that means something without psql."""

    code = "BED161"


class CopyDataUnusable(BedstoneError):
    """The data of a COPY in a SQL file begins or ends where it cannot."""

    code = "BED162"


class DirectiveUnknown(BedstoneError):
    """A comment in a SQL file, or its ``.conf``, asks for something that is not there."""

    code = "BED163"
    exit_status = ExitStatus.USAGE


class TransactionMixed(BedstoneError):
    """A SQL file mixes statements that may run in no transaction with others."""

    code = "BED164"


class FlywayUnsupported(BedstoneError):
    """Flyway's configuration asks for something that would change a run and is not supported."""

    code = "BED165"
    exit_status = ExitStatus.USAGE


class AppliedFileChanged(BedstoneError):
    """A SQL file is another than the one that the database has applied."""

    code = "BED166"


class AppliedFileMissing(BedstoneError):
    """The database has applied a SQL file that is not there."""

    code = "BED167"


class FileOutOfOrder(BedstoneError):
    """A SQL file was not applied, and newer ones were."""

    code = "BED168"


class HalfRun(BedstoneError):
    """A SQL file was run in part, and cannot be gone on with as it is."""

    code = "BED169"


class VersionTableUnusable(BedstoneError):
    """The version table of SQL files cannot be read or made."""

    code = "BED170"


class UnknownProof(BedstoneError):
    """A proof was asked for by a name that none has."""

    code = "BED190"
    exit_status = ExitStatus.USAGE


class LockFileInvalid(BedstoneError):
    """``bedstone.lock`` cannot be read."""

    code = "BED191"


class GitUnusable(BedstoneError):
    """``--since`` names a commit that git cannot find, or there is no git here."""

    code = "BED192"
    exit_status = ExitStatus.USAGE


class FileUnusable(BedstoneError):
    """A file or folder cannot be read or written: rights, a full disk, a read-only one."""

    code = "BED195"


class NothingTraced(BedstoneError):
    """The command that was traced never connected to the scratch database."""

    code = "BED197"


class CatalogUnreadable(BedstoneError):
    """The catalogue of a database cannot be read in one snapshot."""

    code = "BED180"


class SavedCatalogInvalid(BedstoneError):
    """A saved catalog is not one, or was written in a form this release does not read."""

    code = "BED181"
    exit_status = ExitStatus.USAGE


class DatabaseNotNamed(BedstoneError):
    """A command that works on a database that matters was not told which."""

    code = "BED193"
    exit_status = ExitStatus.USAGE


class SideUnusable(BedstoneError):
    """One side of a comparison cannot be brought to a catalog."""

    code = "BED194"


class CommandNotStarted(BedstoneError):
    """The command that is to be traced cannot be started."""

    code = "BED196"
    exit_status = ExitStatus.USAGE


class UnknownDialect(BedstoneError):
    """A command was to be told its database in a form that has no such name."""

    code = "BED198"
    exit_status = ExitStatus.USAGE


# --- BED2: plan --------------------------------------------------------------------------------


class NotPlannable(BedstoneError):
    """No statements lead from the one schema to the other with the rows in place."""

    code = "BED200"


class VersionRangeInvalid(BedstoneError):
    """The major versions that a script may meet are no range, or not those that there are."""

    code = "BED204"
    exit_status = ExitStatus.USAGE


class CatalogIncomplete(BedstoneError):
    """One side holds something that its catalog does not: no plan can say what to do with it."""

    code = "BED205"


class RoleMissing(BedstoneError):
    """A plan gives something to a role that the server does not have."""

    code = "BED206"


class RenameUnreadable(BedstoneError):
    """What was given as a rename does not name an object and its new name."""

    code = "BED210"
    exit_status = ExitStatus.USAGE


class RenameUnfounded(BedstoneError):
    """A rename does not fit the two sides: its old or new name is not where it has to be."""

    code = "BED211"
    exit_status = ExitStatus.USAGE


class RenameUntried(BedstoneError):
    """What a rename can reach cannot be built on the scratch server, so nobody knows its effect."""

    code = "BED212"


class WantedSideMissing(BedstoneError):
    """A revision is to be written and nothing says which schema it should lead to."""

    code = "BED240"
    exit_status = ExitStatus.USAGE


class DestructivePlan(BedstoneError):
    """A revision would destroy rows, and nobody has said that it may."""

    code = "BED241"
    exit_status = ExitStatus.FINDINGS


class RevisionNotWritten(BedstoneError):
    """The project's Alembic, its hooks or the disk did not let a revision be written."""

    code = "BED242"


class RevisionMismatch(BedstoneError):
    """The statements of a plan do not run, or lead elsewhere, on a scratch database."""

    code = "BED243"


# --- BED4: run ---------------------------------------------------------------------------------


class RunnerBusy(BedstoneError):
    """Another runner holds the lock of the database."""

    code = "BED400"


class RevisionUnknown(BedstoneError):
    """A revision was named that the history does not have, or that names several."""

    code = "BED401"
    exit_status = ExitStatus.USAGE


class MigrationFailed(BedstoneError):
    """A revision failed on a database that matters."""

    code = "BED402"
    exit_status = ExitStatus.FINDINGS


class RehearsalFailed(BedstoneError):
    """What a migration would send cannot be learnt, since it fails on a scratch database."""

    code = "BED404"


class ConfirmationMissing(BedstoneError):
    """Something that destroys was asked for without the name typed or ``--yes``."""

    code = "BED403"
    exit_status = ExitStatus.USAGE


# --- BED9: a bug in bedstone -------------------------------------------------------------------


class InternalError(BedstoneError):
    """Bedstone met a state it believes impossible: a bug."""

    code = "BED900"
    exit_status = ExitStatus.BUG
