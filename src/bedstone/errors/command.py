# SPDX-License-Identifier: Apache-2.0
"""What commands are asked for, read and write: BED180 to BED199."""

from __future__ import annotations

from bedstone.errors.error import BedstoneError, ExitStatus


class CatalogUnreadable(BedstoneError):
    """The catalogue of a database cannot be read in one snapshot."""

    code = "BED180"


class SavedCatalogInvalid(BedstoneError):
    """A saved catalog is not one, or was written in a form this release does not read."""

    code = "BED181"
    exit_status = ExitStatus.USAGE


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


class DatabaseNotNamed(BedstoneError):
    """A command that works on a database that matters was not told which."""

    code = "BED193"
    exit_status = ExitStatus.USAGE


class SideUnusable(BedstoneError):
    """One side of a comparison cannot be brought to a catalog."""

    code = "BED194"


class FileUnusable(BedstoneError):
    """A file or folder cannot be read or written: rights, a full disk, a read-only one."""

    code = "BED195"


class CommandNotStarted(BedstoneError):
    """The command that is to be traced cannot be started."""

    code = "BED196"
    exit_status = ExitStatus.USAGE


class NothingTraced(BedstoneError):
    """The command that was traced never connected to the scratch database."""

    code = "BED197"


class UnknownDialect(BedstoneError):
    """A command was to be told its database in a form that has no such name."""

    code = "BED198"
    exit_status = ExitStatus.USAGE
