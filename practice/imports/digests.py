"""What a row was as it came, as a digest: whether anybody has changed it since."""

from typing import Any

from django.db import models

from practice.audit.sealing import seal

# Columns that change without anybody having changed the row.
_MOVING = {"active_relationships", "person_id", "tell_at", "in_figures", "sort_name", "search_text"}


def digest_of(row: models.Model, *more: int) -> str:
    """Return a digest of what a row is, as far as somebody can change it, and of `more`."""
    fields: list[Any] = [f for f in row._meta.concrete_fields if f.attname not in _MOVING]
    values = (getattr(row, field.attname) for field in fields)
    return seal("row brought in", *(v if _is_plain(v) else str(v) for v in values), *more)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int | str) or hasattr(value, "tzinfo")
