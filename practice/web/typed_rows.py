"""Rows of a form, taken as they were typed, to show the same form with one row more or less."""

from collections.abc import Iterable, Mapping


def typed_rows(
    data: Mapping[str, str], prefix: str, fields: Iterable[str], *, most: int
) -> list[dict[str, str]]:
    """Return what was typed in the rows of a formset, unchecked, and at most so many rows."""
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    number = int(total) if total.isascii() and total.isdigit() and len(total) < 5 else 0
    fields = list(fields)
    return [
        {field: data.get(f"{prefix}-{i}-{field}", "") for field in fields}
        for i in range(min(number, most))
    ]
