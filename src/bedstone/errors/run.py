# SPDX-License-Identifier: Apache-2.0
"""Runs on a database that matters: BED4."""

from __future__ import annotations

from bedstone.errors.error import BedstoneError, ExitStatus


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


class ConfirmationMissing(BedstoneError):
    """Something that destroys was asked for without the name typed or ``--yes``."""

    code = "BED403"
    exit_status = ExitStatus.USAGE


class RehearsalFailed(BedstoneError):
    """What a migration would send cannot be learnt, since it fails on a scratch database."""

    code = "BED404"
