"""Cells of a table that is opened in a spreadsheet, too: no formula, and nothing is lost.

Whatever a program could take for a formula has an apostrophe before it, as a spreadsheet writes
text, and so has what begins with one itself; without the first apostrophe a cell is as it was.
"""

import base64
import json
from datetime import date, datetime, time
from typing import Any

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TEXT = "'"


def cell(value: Any) -> str:
    """Return a value as a cell: moments and days by ISO 8601, bytes in Base64."""
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return TEXT + text if text.startswith((*FORMULAS, TEXT)) else text


def text_of(cell: str) -> str:
    """Return what stands in a cell."""
    return cell.removeprefix(TEXT)
