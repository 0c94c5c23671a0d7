"""What a browser sends of a passkey: JSON that anybody can send, and that holds binary parts."""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.mfa.models import Authenticator
from django import forms

from practice.accounts.factors import PASSKEY_FAILED

LONGEST = 20_000  # characters, certificates of its maker included
MOST_PARTS = 100  # objects and lists; an answer has about five


class _Decoder(json.JSONDecoder):
    """Reads JSON that is no deeper and has no longer numbers than that of a passkey."""

    def decode(self, text: str) -> object:  # type: ignore[override]  # Django passes the text alone
        if len(text) > LONGEST or text.count("{") + text.count("[") > MOST_PARTS:
            raise json.JSONDecodeError("Too long or too deep", "", 0)
        try:
            return super().decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # a number of thousands of digits
            raise json.JSONDecodeError("Too large a number", "", 0) from None


class PasskeyField(forms.JSONField):
    """The answer of a passkey, in a hidden input; what cannot be one is refused unread."""

    def __init__(self) -> None:
        super().__init__(
            decoder=_Decoder,
            widget=forms.HiddenInput,
            error_messages=dict.fromkeys(("required", "invalid"), PASSKEY_FAILED),
        )


@contextmanager
def whatever_is_sent() -> Iterator[None]:
    """Refuse what is no answer of a passkey, whatever the reading of it stumbles over.

    Raises:
        ValidationError: it is none.
    """
    try:
        yield
    except forms.ValidationError as error:
        if error.code != "incorrect_code":  # too many tries, for example
            raise
        raise forms.ValidationError(PASSKEY_FAILED) from None
    except (
        AttributeError,
        LookupError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
        struct.error,
    ):
        raise forms.ValidationError(PASSKEY_FAILED) from None


class PasskeyAnswer(forms.Form):
    """A form with the answer of a passkey."""

    credential = PasskeyField()

    def clean_credential(self) -> Authenticator:
        with whatever_is_sent():
            return super().clean_credential()  # type: ignore[misc]  # of allauth's form beside it
