# SPDX-License-Identifier: Apache-2.0
"""SQL as text: quoting."""

from bedstone.sql.quote import quote_identifier, quote_literal

__all__ = ["quote_identifier", "quote_literal"]
