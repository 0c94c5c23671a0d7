"""The forms of a page that ask who came, as HTML: a day's lines have one each."""

from functools import cache, cached_property

from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from practice.accounts.access import AccountRequest
from practice.diary.lines import Appointment
from practice.templatetags.components import address, format_markup

FORM = (
    '<form class="answer" method="post" action="{0}"{1}>'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{2}">'
    '<input type="hidden" name="shown" value="{3}"><input type="hidden" name="next" value="{4}">'
    "{5}</form>"
)
IN_PLACE = ' data-hx-post="{}" {}'
FOCUS = SafeString(" autofocus")
CAME_OR_MISSED = (
    '<button name="attended" value="yes"{0}>Came<span class="visually-hidden"> {1}, {2}</span>'
    '</button> <button name="attended" value="no">Missed<span class="visually-hidden"> {1}, {2}'
    "</span></button>"
)
ALL_CAME_OR_NOT = (
    '<button name="attended" value="yes"{0}>{4} came<span class="visually-hidden">: {1}, {2}'
    '</span></button> <a href="{3}#who-came">Not {5}<span class="visually-hidden">: {1}, {2}. '
    "Say who came</span></a>"
)
SAY_WHO_CAME = '<a href="{}#who-came">Say who came<span class="visually-hidden">: {}, {}</span></a>'


class AnswerForms:
    """Those of one page. On Today an answer is put in the place of its question by htmx."""

    def __init__(self, request: AccountRequest) -> None:
        self.request = request
        self.is_today = request.path == "/"

    @cached_property
    def _token(self) -> str:
        return get_token(self.request)

    def of(
        self, one: Appointment, whom: str, when: SafeString, *, has_focus: bool = False
    ) -> SafeString:
        """Return the form for a session, which names it for those who hear the page."""
        to = address("attendance", one.line.public_id)
        in_place = format_markup(IN_PLACE, to, _swap()) if self.is_today else ""
        answers = _answers(one, whom, when, FOCUS if has_focus else "")
        return format_markup(FORM, to, in_place, self._token, one.shown, self.request.path, answers)


@cache
def _swap() -> SafeString:
    return render_to_string("diary/_swap_today.html")


def _answers(one: Appointment, whom: str, when: SafeString, focus: str) -> SafeString:
    if one.number_of_people == 1:
        return format_markup(CAME_OR_MISSED, focus, whom, when)
    details = address("session", one.line.public_id)
    if one.line.number_missed:
        return format_markup(SAY_WHO_CAME, details, whom, when)
    everybody = "Both" if one.number_of_people == 2 else "All"
    what = (details, everybody, everybody.lower())
    return format_markup(ALL_CAME_OR_NOT, focus, whom, when, *what)
