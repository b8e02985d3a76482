# SPDX-License-Identifier: Apache-2.0
"""Targets and the loading of projects: BED100 to BED149."""

from __future__ import annotations

from bedstone.errors.error import BedstoneError, ExitStatus


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
