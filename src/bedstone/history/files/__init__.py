# SPDX-License-Identifier: Apache-2.0
"""SQL files as a history, by Flyway's rules."""

from bedstone.history.files.script_file import run_file
from bedstone.history.files.strand import FilesStrand

__all__ = ["FilesStrand", "run_file"]
