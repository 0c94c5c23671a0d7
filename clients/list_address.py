"""The addresses of the Clients list: whom it shows, in which order, and which page."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from django.http import QueryDict
from django.urls import reverse

from practice.text.plain_text import one_line
from practice.web.encryption import decrypt, encrypt
from relationships.models.choices import Kind

LONGEST_SEARCH = 100
SEARCH_VALID_FOR = timedelta(hours=12)  # in an address; no session lasts longer
NOTHING_BOOKED = "nothing"
SHOWN = {"": "All kinds", **dict(Kind.choices), NOTHING_BOOKED: "Nothing booked"}
BY_NEXT, BY_LAST = "next", "last"
ORDERS = {"": "By name", BY_NEXT: "By next session", BY_LAST: "By last session"}


@dataclass(frozen=True)
class ListAddress:
    """A state of the list. `str()` is its address, without empty parts.

    `show` is a key of `SHOWN`, `sort` one of `ORDERS`. What is searched for is often a name: the
    address that htmx leaves in the history has it `encrypted`, for Back, for one account alone.
    """

    inactive: bool = False
    show: str = ""
    sort: str = ""
    page: int = 1
    search: str = ""
    encrypted: str = ""

    @classmethod
    def of(cls, query: QueryDict, account: int) -> Self:
        """Return the state that is asked for, page 1 of it; what nobody knows is as nothing."""
        encrypted = "" if "q" in query else query.get("search", "")
        typed = query.get("q", "")[:LONGEST_SEARCH].replace("\0", "")
        if encrypted:
            try:
                typed = decrypt(encrypted, _purpose(account), max_age=SEARCH_VALID_FOR)
            except InvalidToken:
                encrypted = ""
        show, sort = query.get("show", ""), query.get("sort", "")
        return cls(
            inactive=query.get("include") == "inactive",
            show=show if show in SHOWN else "",
            sort=sort if sort in ORDERS else "",
            search=one_line(typed) if typed else "",
            encrypted=encrypted,
        )

    def __str__(self) -> str:
        parts: dict[str, Any] = {
            "include": "inactive" if self.inactive else "",
            "show": self.show,
            "sort": self.sort,
            "page": self.page if self.page > 1 else "",
            "q": "" if self.encrypted else self.search,
            "search": self.encrypted,
        }
        query = urlencode({key: value for key, value in parts.items() if value})
        return reverse("clients") + (f"?{query}" if query else "")

    @property
    def shown(self) -> str:
        """What is shown of the clients who are shown: "a Couples relationship"."""
        if self.show in ("", NOTHING_BOOKED):
            return SHOWN[self.show].lower()
        article = "an" if self.show == Kind.INDIVIDUAL else "a"
        return f"{article} {SHOWN[self.show]} relationship"

    @property
    def with_inactive(self) -> Self:
        return replace(self, inactive=True, page=1)

    @property
    def of_all_kinds(self) -> Self:
        return replace(self, show="", page=1)

    @property
    def without_search(self) -> Self:
        return replace(self, search="", encrypted="", page=1)

    @property
    def without_name(self) -> Self:
        """The same page of the list without what is looked for, which is often a name."""
        return replace(self, search="", encrypted="")

    def encrypted_for(self, account: int) -> Self:
        """The same list, with what is looked for as this account alone can read it."""
        return (
            replace(self, encrypted=encrypt(self.search, _purpose(account)))
            if self.search
            else self
        )

    @property
    def previous(self) -> Self:
        return replace(self, page=self.page - 1)

    @property
    def next(self) -> Self:
        return replace(self, page=self.page + 1)


def _purpose(account: int) -> str:
    return f"search of clients by {account}"
