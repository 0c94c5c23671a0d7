"""One decision for each relationship of the tidy-up list, and the planned ending."""

from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from clients.models import Client
from practice.accounts.models import User
from practice.templatetags.components import address, format_markup
from practice.text.fields import DayField
from practice.text.spoken import day, first_names, in_words
from practice.web.edits import EditMixin
from practice.web.responses import LONGEST_SHOWN
from relationships.caseload import tidy_up
from relationships.forms.ending import WHICH
from relationships.models import Relationship
from relationships.models.choices import REASON_CHOICES, EndReason

FURTHEST = timedelta(days=731)
NEEDS = {"end": "reason", "break": "until"}  # what has to be said along with an action
ID, WHOM = "id-of-the-row", "whom-it-is-with"
ROW = (
    '<li><p><a href="{}">{} with {}</a> <small>{}{}</small></p>'
    '<input type="hidden" name="row" value="{} {}">{}{}</li>'
)


class DayToComeField(DayField):
    """A day to come, within two years."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        today = timezone.localdate()
        if value and not today <= value <= today + FURTHEST:
            raise forms.ValidationError("Enter a date from today on, within two years")


class Row:
    """A relationship on the list, and when its last session was."""

    def __init__(self, relationship: Relationship, last_session: datetime | None) -> None:
        self.relationship, self.last_session = relationship, last_session

    @cached_property
    def _people(self) -> list[Client]:
        return self.relationship.people

    @property
    def action_shown(self) -> SafeString:
        """What to do, as a drop-down: the same in every row, but for ids, before it is sent."""
        whom = first_names(self._people)
        return format_markup(_unsent(), self.relationship.public_id, whom)

    @property
    def more_shown(self) -> SafeString | str:
        """What else has to be said; before it is sent nothing."""
        return ""

    @property
    def html(self) -> SafeString:
        """The row, made of strings: there are a hundred on a page."""
        work, last = self.relationship, self.last_session
        return format_markup(
            ROW,
            address("relationship", work.public_id),
            work.get_kind_display(),
            in_words(person.name for person in self._people),
            f"Last session {day(last)}" if last else "No session held",
            f". Planned last day {day(work.planned_end)}" if work.planned_end else "",
            work.public_id,
            work.shown,
            self.action_shown,
            self.more_shown,
        )


class TidyForm(forms.Form, Row):
    """What to do with one relationship. Nothing is preselected."""

    use_required_attribute = False
    action = forms.ChoiceField(
        label="What to do",
        required=False,
        choices=[
            ("", "Leave it on this list"),
            ("end", "End this Relationship"),
            ("not_yet", "Not yet: ask again in 4 weeks"),
            ("break", "On a break until a date"),
        ],
        error_messages={"invalid_choice": "Choose what to do"},
    )
    reason = forms.ChoiceField(
        label="Reason for ending",
        required=False,
        choices=REASON_CHOICES,
        error_messages={"invalid_choice": WHICH},
    )
    until = DayToComeField(label="On a break until")
    shown = forms.CharField(required=False, max_length=LONGEST_SHOWN, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        relationship: Relationship,
        last_session: datetime | None,
        **kwargs: Any,
    ) -> None:
        kwargs |= {"prefix": relationship.public_id, "initial": {"shown": relationship.shown}}
        super().__init__(*args, **kwargs)
        Row.__init__(self, relationship, last_session)

    @classmethod
    def of(cls, row: Row, data: QueryDict | None) -> Self:
        """Return the form of a row, with what was sent."""
        return cls(data, relationship=row.relationship, last_session=row.last_session)

    @property
    def action_shown(self) -> SafeString:
        """What to do, as a drop-down, with what is wrong with it."""
        if not self.is_bound:
            return super().action_shown
        whom = first_names(self.relationship.people)
        attrs: dict[str, str | bool] = {"aria-label": f"What to do with {whom}"}
        return self["action"].errors.render() + self["action"].as_widget(attrs=attrs)

    @property
    def more_shown(self) -> SafeString | str:
        """The reason or the date, once what it belongs to is chosen, or where it was sent."""
        if not self.is_bound:
            return ""
        needed = NEEDS.get(self["action"].value() or "")
        shown = [name for name in NEEDS.values() if name == needed or self[name].value()]
        return format_html_join("", "{}", ((self[name].as_field_group(),) for name in shown))

    @property
    def is_chosen(self) -> bool:
        return bool(self.cleaned_data.get("action"))

    def clean(self) -> dict:
        super().clean()
        cleaned = self.cleaned_data
        whom = self.relationship.with_whom
        if cleaned.get("action") == "" and (cleaned.get("reason") or cleaned.get("until")):
            self.add_error("action", f"Choose what to do with {whom}")
        if cleaned.get("action") == "end" and cleaned.get("reason") == "":
            self.add_error("reason", f"{WHICH} with {whom}")
        if cleaned.get("action") == "break" and "until" in cleaned and not cleaned["until"]:
            self.add_error("until", f"Enter until when {whom} is on a break")
        return cleaned

    def apply(self, by: User) -> bool:
        """Do it, and answer whether it could be done: not if it has ended, or begun anew, since."""
        cleaned = self.cleaned_data
        if cleaned["shown"] != self.relationship.shown:
            return False
        if cleaned["action"] == "end":
            return tidy_up.end(self.relationship, EndReason(cleaned["reason"]), by)
        if cleaned["action"] == "break":
            return tidy_up.take_a_break(self.relationship, cleaned["until"], by)
        return tidy_up.not_yet(self.relationship, timezone.localdate(), by)


def _blank() -> TidyForm:
    return TidyForm(relationship=Relationship(public_id=ID), last_session=None)


@cache
def _unsent() -> str:
    """Return the drop-down of a row, as a format of its public id and of whom it is with."""
    shown = str(_blank()["action"].as_widget(attrs={"aria-label": f"What to do with {WHOM}"}))
    for unneeded in ("\n", "  ", f' id="id_{ID}-action"', " selected"):  # the first is, anyhow
        shown = shown.replace(unneeded, "")
    return shown.replace(ID, "{0}").replace(WHOM, "{1}")


@cache
def needed() -> tuple[tuple[str, SafeString], ...]:
    """Return each action that needs more said, with the field for it, of the row `ID`."""
    blank = _blank()
    return tuple((action, blank[name].as_field_group()) for action, name in NEEDS.items())


class WeeksForm(EditMixin, forms.Form):
    """After how many weeks without a session the app asks."""

    use_required_attribute = False
    weeks = forms.IntegerField(
        label="Suggest ending after (weeks)",
        min_value=4,
        max_value=104,
        widget=forms.NumberInput({"class": "w-short"}),
        error_messages={
            "required": "Enter a number of weeks",
            "invalid": "Enter a number of weeks",
            "min_value": "Enter 4 weeks or more",
            "max_value": "Enter 104 weeks or fewer",
        },
    )


class PlanForm(EditMixin, forms.Form):
    """The day of the last session; empty means none is planned."""

    use_required_attribute = False
    planned_end = DayToComeField(
        label="Day of the last session", help_text="Leave it empty if no ending is planned"
    )
