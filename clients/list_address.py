"""The addresses of the Clients list: whom it shows, in which order, and which page."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from practice.text.plain_text import one_line
from relationships.models.choices import Kind

LONGEST_SEARCH = 100
NOTHING_BOOKED = "nothing"
SHOWN = {"": "All kinds", **dict(Kind.choices), NOTHING_BOOKED: "Nothing booked"}
BY_NEXT, BY_LAST = "next", "last"
ORDERS = {"": "By name", BY_NEXT: "By next session", BY_LAST: "By last session"}


@dataclass(frozen=True)
class ListAddress:
    """A state of the list. `str()` is its address, without empty parts.

    `show` is a key of `SHOWN`, `sort` one of `ORDERS`.
    """

    inactive: bool = False
    show: str = ""
    sort: str = ""
    page: int = 1
    search: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Return the state that is asked for, page 1 of it; what nobody knows is as nothing."""
        typed = query.get("q", "")[:LONGEST_SEARCH].replace("\0", "")
        show, sort = query.get("show", ""), query.get("sort", "")
        return cls(
            inactive=query.get("include") == "inactive",
            show=show if show in SHOWN else "",
            sort=sort if sort in ORDERS else "",
            search=one_line(typed) if typed else "",
        )

    def __str__(self) -> str:
        parts: dict[str, Any] = {
            "include": "inactive" if self.inactive else "",
            "show": self.show,
            "sort": self.sort,
            "page": self.page if self.page > 1 else "",
            "q": self.search,
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
        return replace(self, search="", page=1)

    @property
    def without_name(self) -> Self:
        """The same page of the list without what is looked for, which is often a name."""
        return replace(self, search="")

    @property
    def previous(self) -> Self:
        return replace(self, page=self.page - 1)

    @property
    def next(self) -> Self:
        return replace(self, page=self.page + 1)
