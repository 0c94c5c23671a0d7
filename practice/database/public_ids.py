"""Public ids: what stands in an address instead of a name or a counter."""

import secrets
from typing import Any

from django.db import models
from django.urls import register_converter
from django.urls.converters import StringConverter

# No vowels (no accidental words) and nothing that looks like something else.
ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
LENGTH = 10


def new_public_id() -> str:
    """Return ten random lower-case characters (about 47 bits); never a permission by itself."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_public_id(text: str) -> bool:
    """Whether what was sent can be one."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET)


class PublicIdField(models.CharField):
    """The random id by which people address a row."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.update(max_length=LENGTH, unique=True, editable=False, default=new_public_id)
        super().__init__(**kwargs)


class PublicIdConverter(StringConverter):
    """`<id:…>` in a URL pattern. Anything else is no address at all."""

    regex = "[a-z0-9]{10}"


register_converter(PublicIdConverter, "id")
