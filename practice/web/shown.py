"""What a page showed comes back with its form, so that a press does what the page said.

A form that confirms something has a hidden field `shown`: in plain text, what its page says that
may change meanwhile (a revision, a moment, a length). A view compares it with what it has read, and
the UPDATE, or a look under the lock, that with what is so then. Where they differ nothing is done,
and the page comes again (`render_form` with `changed`). A page from before there was such a field
has shown nothing, which is never what is so.
"""

from django.http import HttpRequest

LOOK = "The page shows what is so now: look at it, and press again if you still mean it."
LONGEST = 200  # characters; what a page of ours says has fewer


def shown_by(request: HttpRequest) -> str:
    """Return what the page showed from which a form was sent, as the page said it."""
    return request.POST.get("shown", "")[:LONGEST]


def was_shown(request: HttpRequest, present: str) -> bool:
    """Whether the page from which a form was sent showed what is so at present."""
    return shown_by(request) == present
