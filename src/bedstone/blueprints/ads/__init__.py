# SPDX-License-Identifier: Apache-2.0
"""Blueprint ``ads``: the schema of a studio that makes video advertisements with AI.

The models are in ``bedstone.blueprints.ads.models``, the history is in ``migrations/``. Importing
this package loads neither, so a tool can find the folder without SQLAlchemy.
"""
