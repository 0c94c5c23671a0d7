"""Drafts: what was typed in a form whose POST was refused because of the session.

Each form that somebody signed in is shown carries a proof (`FORM_OF`) of the account and the page
that it was made for. When its POST finds that the session has ended, that its token is of an
earlier sign-in, or that who asks has to confirm who they are, nothing is done with what was typed:
it waits in the session of the browser, encrypted for that account and that page. The page then
fills its form with it, for that account alone, until the form is sent again. It is gone after
`VALID_FOR`, after signing out, and when somebody else signs in.
"""

import json
import re
from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.forms import BaseForm, PasswordInput
from django.forms.utils import ErrorDict
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html

from practice.web.encryption import decrypt, encrypt

FORM_OF = "form_of"  # the input with the proof
DRAFTS = "drafts"  # where a session has them
VALID_FOR = timedelta(hours=2)  # a draft
PAGE_VALID_FOR = timedelta(days=7)  # a page that is open, and its proof
MOST_BYTES = 50_000  # of one draft; the longest form has a fifth of that
MOST_DRAFTS = 5  # in one browser, the latest
LONGEST_PROOF = 1_000  # characters
# Forms with secrets carry no proof; this is in case that one is sent with another form.
LEFT_OUT = re.compile(rf"csrf|password|code|credential|{FORM_OF}")


def proof(request: HttpRequest, form: Any, *, is_typed: bool) -> str:
    """Return the input that a form carries so that it can come back, and that says whether anything
    in it has been typed; nothing if it has secrets, or nobody is signed in."""
    fields = getattr(form, "fields", {}).values()
    has_secrets = any(isinstance(field.widget, PasswordInput) for field in fields)
    if has_secrets or not request.user.is_authenticated:
        return ""
    value = encrypt(json.dumps([request.user.pk, request.path]), FORM_OF)
    markup = '<input type="hidden" name="{}" value="{}" data-typed="{}">'
    return format_html(markup, FORM_OF, value, int(is_typed))


def save(request: HttpRequest, *, elsewhere: bool = False) -> str | None:
    """Save what was typed in a refused form, and return the address of its page.

    It is of whoever the form was made for. None, and nothing is saved, if somebody else is signed
    in, if the form was made for another page (unless it was sent `elsewhere` to be saved), or if it
    is too long.
    """
    account, page = _made_for(request.POST.get(FORM_OF, ""))
    if account is None or request.user.pk not in (None, account):
        return None
    text = packed(request.POST)
    if (page != request.path and not elsewhere) or len(text.encode()) > MOST_BYTES:
        return None
    stored = request.session.get(DRAFTS, {})
    by_page = stored.get("by_page", {}) if stored.get("account") == account else {}
    by_page.pop(page, None)
    by_page[page] = encrypt(text, purpose(account, page))
    latest = dict([*by_page.items()][-MOST_DRAFTS:])
    request.session[DRAFTS] = {"account": account, "by_page": latest}
    return page


def _made_for(text: str) -> tuple[int | None, str]:
    """Return the account and the page that a form was made for; no account, if it has no proof."""
    try:
        account, page = json.loads(decrypt(text[:LONGEST_PROOF], FORM_OF, max_age=PAGE_VALID_FOR))
    except InvalidToken:
        return None, ""
    return account, page


def bring_back(request: HttpRequest, form: Any, forms: list) -> dict[str, Any]:
    """Fill the forms of a page with the draft that waits for them, and return what it shows of it.

    `form` is the one that stands for all of them.
    """
    is_sent = request.method == "POST"
    draft = None if is_sent else find(request)
    if draft:
        for each in forms:
            fill(each, draft)
    return {"draft": draft, "form_of": proof(request, form, is_typed=is_sent or bool(draft))}


def find(request: HttpRequest) -> QueryDict | None:
    """Return what the reader had typed on this page."""
    stored = request.session.get(DRAFTS, {})
    if not request.user.is_authenticated or stored.get("account") != request.user.pk:
        return None
    text = _read(stored, request.path)
    return None if text is None else unpacked(text)


def is_waiting(request: HttpRequest) -> bool:
    """Whether there is a draft in this browser, of whomever."""
    stored = request.session.get(DRAFTS, {})
    return any(_read(stored, page) is not None for page in stored.get("by_page", {}))


def _read(stored: dict, page: str) -> str | None:
    encrypted = stored["by_page"].get(page, "")
    try:
        return decrypt(encrypted, purpose(stored["account"], page), max_age=VALID_FOR)
    except InvalidToken:
        return None


def discard(request: HttpRequest) -> None:
    """Forget the draft of this page: its form has been sent."""
    stored = request.session.get(DRAFTS, {})
    if request.path in stored.get("by_page", {}):
        del stored["by_page"][request.path]
        request.session.pop(DRAFTS)
        if stored["by_page"]:
            request.session[DRAFTS] = stored


def discard_of_others(request: HttpRequest, account: int) -> None:
    """Forget all drafts in this browser unless they are of this account, which has signed in."""
    if request.session.get(DRAFTS, {}).get("account") != account:
        request.session.pop(DRAFTS, None)


def sent_or_draft(request: HttpRequest) -> dict[str, Any] | None:
    """Return the data of a form of several forms: what was sent, or a draft, which is not checked.

    It is then shown like after "Add" and "Remove".
    """
    if request.method == "POST":
        return request.POST.dict()
    draft = find(request)
    return draft.dict() | {"do": "show"} if draft else None


def fill(form: Any, draft: QueryDict) -> None:
    """Show a draft in a form, unchecked, if it has any of its fields.

    Nothing can be saved with such a form; a form of several forms is made with the draft instead.
    """
    if isinstance(form, BaseForm) and any(form.add_prefix(name) in draft for name in form.fields):
        form.data, form.is_bound = draft, True
        form._errors = ErrorDict()  # type: ignore[attr-defined]  # as `full_clean` would leave it


def purpose(account: int, page: str) -> str:
    """Return what a draft is encrypted for."""
    return f"draft of account {account} at {page}"


def packed(sent: QueryDict) -> str:
    """Return what was sent, without secrets and tokens, as a text."""
    values = {name: values for name, values in sent.lists() if not LEFT_OUT.search(name)}
    return json.dumps(values, ensure_ascii=False)


def unpacked(text: str) -> QueryDict:
    draft = QueryDict(mutable=True)
    for name, values in json.loads(text).items():
        draft.setlist(name, values)
    return draft
