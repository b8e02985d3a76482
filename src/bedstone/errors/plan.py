# SPDX-License-Identifier: Apache-2.0
"""Plans and the revisions that are written from them: BED2."""

from __future__ import annotations

from bedstone.errors.error import BedstoneError, ExitStatus


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
