"""How long what is typed may be, where a form of somebody else's sets no limit."""

from typing import Any

from django.core.validators import MaxLengthValidator


def limit_length(field: Any, most: int, words: str) -> None:
    """Refuse what has more than `most` characters, in these words, before the form looks at it.

    The input itself gets no `maxlength`: a browser would cut a pasted password without a word.
    """
    field.max_length = most
    field.validators = [*field.validators, MaxLengthValidator(most, words)]
