"""Passwords that whoever guesses tries first, beside the list of common ones.

Django's list of 20,000 common passwords is the offline list. By itself it would do little: fewer
than 200 of its entries have the 12 characters that are asked for here. So this looks at what people
do to reach a length: a common password written twice, with digits around it or letters replaced
by digits (`P4ssw0rd1234!`), a row of the keyboard, one character again and again, the name of the
service.
"""

import string
import unicodedata
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

LONGEST = 200  # characters; what looks at a password takes as long as the square of its length
TOO_LONG = f"The password must be {LONGEST} characters or fewer"
HOW_TO_CHOOSE = "At least 12 characters. A few unrelated words work well."
LEAST_DIFFERENT = 5  # characters
ROWS = (
    string.ascii_lowercase,
    string.digits + "0",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
LETTERS = str.maketrans("013457@$!", "oieastasi")
AROUND = string.digits + string.punctuation + string.whitespace


def normalized(password: str) -> str:
    """Return the one form of a password however its letters were put together (NIST SP 800-63B).

    A Mac sends "é" as one character, another device as two. What is too long is refused elsewhere.
    """
    return password if len(password) > LONGEST else unicodedata.normalize("NFKC", password)


class MaximumLengthValidator:
    """Refuses a password that is so long that only the work of looking at it can be meant."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Look at a new password.

        Raises:
            ValidationError: it is too long.
        """
        MaxLengthValidator(LONGEST, TOO_LONG)(password)

    def get_help_text(self) -> str:
        return f"{LONGEST} characters or fewer."


class GuessedFirstValidator(CommonPasswordValidator):
    """Refuses a password that is long, and still among the first that anybody tries."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Look at a new password.

        Raises:
            ValidationError: it is one of those.
        """
        if len(password) > LONGEST:
            return  # refused for that, whatever else it is
        if any(self._is_common(form) for form in _forms_of(password.casefold())):
            raise ValidationError(
                "This password is easy to guess. A few unrelated words work well.", code="guessed"
            )

    def get_help_text(self) -> str:
        return "Not a common password, and not one with digits around it."

    def _is_common(self, form: str) -> bool:
        is_run = any(form in row * 3 or form in row[::-1] * 3 for row in ROWS)
        names = {settings.SERVICE_NAME.casefold(), ""}
        few = len(set(form)) < LEAST_DIFFERENT
        return few or is_run or form in self.passwords or form in names


def _forms_of(password: str) -> Iterator[str]:
    """Yield a password and what it was made from."""
    bare = password.strip(AROUND)
    for form in (
        password,
        bare,
        password.translate(LETTERS).strip(AROUND),
        bare.translate(LETTERS),
    ):
        yield _once(form)


def _once(text: str) -> str:
    """Return what a text repeats: `abcabc` and `abcabcab` are `abc` again and again."""
    for length in range(1, len(text) // 2 + 1):
        if text == (text[:length] * (len(text) // length + 1))[: len(text)]:
            return text[:length]
    return text
