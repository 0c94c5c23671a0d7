"""Whether two who are compared are one person: rather asked than wrong."""

from datetime import date
from typing import Literal, Protocol

from practice.imports import names

Likeness = Literal["same", "ask", "other"]


class Somebody(Protocol):
    """Whoever can be compared."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def born(self) -> date | None: ...


def likeness(one: Somebody, other: Somebody, *, same_name: bool) -> Likeness:
    """Return whether two are one person for sure, perhaps, or for sure not.

    With one name: one, if e-mail address or birthday agree and the other of them is not another;
    not, if only a birthday differs; else to be asked. With two names only a shared address makes
    it a question, where one of the names is shared, too.
    """
    email = _agree(one.email.lower(), other.email.lower())
    born = _agree(one.born, other.born)
    if same_name:
        if True in (email, born) and False not in (email, born):
            return "same"
        return "other" if born is False and email is not True else "ask"
    if not email or born is False:
        return "other"
    shared = set(names.key_of(one.name).split()) & set(names.key_of(other.name).split())
    return "ask" if shared else "other"


def _agree(one: object, other: object) -> bool | None:
    """Return whether two values agree; None where one of them is not known."""
    return one == other if one and other else None
