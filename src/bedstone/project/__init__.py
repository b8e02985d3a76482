# SPDX-License-Identifier: Apache-2.0
"""What a target resolves to: histories, models, and the interpreter that runs them."""

from bedstone.project.interpreter import Interpreter, find_interpreter
from bedstone.project.project import HistorySource, Project
from bedstone.project.sqlfiles import plain_sql_files
from bedstone.project.target import resolve

__all__ = [
    "HistorySource",
    "Interpreter",
    "Project",
    "find_interpreter",
    "plain_sql_files",
    "resolve",
]
