# SPDX-License-Identifier: Apache-2.0
"""Histories, of Alembic and of SQL files: BED150 to BED179."""

from __future__ import annotations

from bedstone.errors.error import BedstoneError, ExitStatus


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
