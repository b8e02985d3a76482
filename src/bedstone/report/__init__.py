# SPDX-License-Identifier: Apache-2.0
"""The faces of a verdict and of a trace: a terminal, JSON, Markdown for pull requests, SARIF."""

from bedstone.report.drift import render_drift, render_drift_json
from bedstone.report.json import render_json
from bedstone.report.markdown import render_markdown
from bedstone.report.revision import render_draft, render_written_json, render_written_text
from bedstone.report.sarif import render_sarif
from bedstone.report.tables import render_tables_markdown
from bedstone.report.text import render_text
from bedstone.report.trace import render_trace_json, render_trace_markdown, render_trace_text

__all__ = [
    "render_draft",
    "render_drift",
    "render_drift_json",
    "render_json",
    "render_markdown",
    "render_sarif",
    "render_tables_markdown",
    "render_text",
    "render_trace_json",
    "render_trace_markdown",
    "render_trace_text",
    "render_written_json",
    "render_written_text",
]
