"""What a row was as it came, as a digest: whether anybody has changed it since."""

from functools import cache

from django.db import models

from practice.audit.sealing import seal

# Columns that change without anybody having changed the row.
_MOVING = {"active_relationships", "person_id", "tell_at", "in_figures", "sort_name", "search_text"}


def digest_of(row: models.Model, *more: int) -> str:
    """Return a digest of what a row is, as far as somebody can change it, and of `more`."""
    values = (getattr(row, name) for name in _columns(type(row)))
    return seal("row brought in", *(v if _is_plain(v) else str(v) for v in values), *more)


@cache
def _columns(model: type[models.Model]) -> list[str]:
    names = [field.attname for field in model._meta.concrete_fields]
    return [name for name in names if name not in _MOVING]


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int | str) or hasattr(value, "tzinfo")
