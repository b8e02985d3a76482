# SPDX-License-Identifier: Apache-2.0
"""Claims about a history, executed on a scratch database."""

from bedstone.prove.evidence import Evidence
from bedstone.prove.proof import Proof, Status
from bedstone.prove.prover import Verdict, proof_names, prove
from bedstone.prove.session import Session, describe, prove_project, server_for
from bedstone.prove.side import WORDS, Place, read_side, read_sides, within

__all__ = [
    "WORDS",
    "Evidence",
    "Place",
    "Proof",
    "Session",
    "Status",
    "Verdict",
    "describe",
    "proof_names",
    "prove",
    "prove_project",
    "read_side",
    "read_sides",
    "server_for",
    "within",
]
