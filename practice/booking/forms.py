"""What the availability editor has besides hours: days off, and rules."""

from datetime import date, timedelta

from django import forms
from django.utils import timezone

from practice.booking.models import BookingRules
from practice.booking.rows import RowForm, Rows, make_rows
from practice.text.fields import LineField
from practice.web.edits import EditMixin

MOST_DAYS_OFF = 50
FURTHEST_DAY_OFF = timedelta(days=3653)
_DAY = {"type": "date"}


class DaysOffForm(RowForm):
    """Days on which nobody can book."""

    first_day = forms.DateField(
        label="From",
        widget=forms.DateInput(_DAY, format="%Y-%m-%d"),
        error_messages={"required": "Enter the first day off", "invalid": "Enter a date"},
    )
    last_day = forms.DateField(
        label="To",
        widget=forms.DateInput(_DAY, format="%Y-%m-%d"),
        error_messages={"required": "Enter the last day off", "invalid": "Enter a date"},
    )
    reason = LineField(
        label="Reason (optional, only you)",
        max_length=120,
        required=False,
    )

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        first, last = cleaned_data.get("first_day"), cleaned_data.get("last_day")
        for name, day in (("first_day", first), ("last_day", last)):
            if day and abs(day - timezone.localdate()) > FURTHEST_DAY_OFF:
                self.add_error(name, f"{self.row}: enter a date within ten years")
        if first and last and last < first:
            self.add_error("last_day", f"{self.row}: the last day must not be before the first")
        return cleaned_data

    @property
    def words(self) -> str:
        """What stands in it: "24 December 2026 to 3 January 2027"."""
        field = forms.DateField(required=False)
        try:
            first, last = (field.to_python(self[n].value()) for n in ("first_day", "last_day"))
        except forms.ValidationError:
            first = last = None
        return in_words(first, last) if first and last else "Not complete"

    @property
    def is_new(self) -> bool:
        return not (self["first_day"].value() and self["last_day"].value())

    @property
    def is_open(self) -> bool:
        """Whether its fields are seen on arrival: while it is new, and where it is wrong."""
        return self.is_new or bool(self.is_bound and self.errors)


class OffRows(Rows):
    """Days off, in any order."""

    columns = ("first_day", "last_day", "reason")
    what = "Days off"

    def spoken(self, values: dict) -> str:
        words = in_words(values["first_day"], values["last_day"])
        return f"{words} ({values['reason']})" if values["reason"] else words


def in_words(first: date, last: date) -> str:
    """Return days off in words: a day, or from when to when."""
    if first == last:
        return f"{first:%A} {first.day} {first:%B %Y}"
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"


DaysOffRows = make_rows(DaysOffForm, OffRows, MOST_DAYS_OFF)

RANGES = {
    "session_minutes": ("A session lasts", 15, 240, "minutes"),
    "gap_minutes": ("The gap between sessions is", 0, 120, "minutes"),
    "notice_hours": ("The shortest notice is", 2, 72, "hours"),
    "furthest_weeks": ("The furthest ahead is", 1, 26, "weeks"),
    "most_booked": ("Booked at once, per client:", 1, 20, "sessions"),
}


class RulesForm(EditMixin, forms.ModelForm):
    """How long, how close together, how soon and how far ahead."""

    use_required_attribute = False

    class Meta:
        model = BookingRules
        fields = list(RANGES)
        labels = {
            "session_minutes": "Session length, minutes",
            "gap_minutes": "Gap between, minutes",
            "notice_hours": "Shortest notice, hours",
            "furthest_weeks": "Furthest ahead, weeks",
            "most_booked": "Booked at once, per client",
        }
        widgets = dict.fromkeys(RANGES, forms.NumberInput({"class": "w-short"}))
        error_messages = {
            name: dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"),
                f"{what} {least} to {most} {unit}",
            )
            for name, (what, least, most, unit) in RANGES.items()
        }
