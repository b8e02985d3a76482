# SPDX-License-Identifier: Apache-2.0
"""Claims about a history, executed on a scratch database."""

from bedstone.prove.deviation import Deviation
from bedstone.prove.evidence import Evidence
from bedstone.prove.proof import Proof, Status
from bedstone.prove.prover import Verdict, proof_names, prove
from bedstone.prove.session import Session, describe, prove_project, server_for
from bedstone.prove.side import WORDS, Place, read_side, read_sides, within
from bedstone.prove.sides_of_project import ProjectSides, open_sides
from bedstone.prove.threeway import Drift, find_drift
from bedstone.prove.wanted import history_and_models

__all__ = [
    "WORDS",
    "Deviation",
    "Drift",
    "Evidence",
    "Place",
    "ProjectSides",
    "Proof",
    "Session",
    "Status",
    "Verdict",
    "describe",
    "find_drift",
    "history_and_models",
    "open_sides",
    "proof_names",
    "prove",
    "prove_project",
    "read_side",
    "read_sides",
    "server_for",
    "within",
]
