# SPDX-License-Identifier: Apache-2.0
"""``python -m bedstone``."""

from bedstone.cli import main

main()
