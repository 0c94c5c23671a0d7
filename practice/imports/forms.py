"""The form with which files are sent; what is answered on the page that shows what is in them."""

from collections.abc import Mapping
from typing import Any

from django import forms

from practice.imports.sheets import MOST_BYTES, MOST_FILES
from practice.site.middleware import MOST_OF_FILES

MEGABYTES = MOST_BYTES // 1024 // 1024
ANSWER, DAY, TIME, SHOWN = "a-", "d-", "t-", "i-"  # what the names of answers begin with


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    widget = FilesInput({"accept": ".csv,.tsv,.txt,.xlsx,.xlsm,.vcf,.json,.zip"})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the files.

        Raises:
            ValidationError: there is none, there are too many, or one is too large.
        """
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            raise forms.ValidationError("Choose one or more files")
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"Choose {MOST_FILES} files at most")
        for file in files:
            if file.size > MOST_BYTES:
                raise forms.ValidationError(f"{file.name} is larger than {MEGABYTES} MB")
        return list(files)


class FilesForm(forms.Form):
    """The files of a caseload."""

    use_required_attribute = False
    caseload = FilesField(
        label="Files",
        help_text=f"CSV, TSV, XLSX, vCard, FHIR or the archive of a practice, several at once. "
        f"{MEGABYTES} MB each and {MOST_OF_FILES // 1024 // 1024} MB together at most.",
    )


def answers_sent(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was answered, by the keys of questions.

    The moment of an ending is an answer only where it is another than the page showed.
    """
    found = {}
    for name, value in data.items():
        if name.startswith(ANSWER) and value:
            found[name.removeprefix(ANSWER)] = str(value)
        if name.startswith(DAY):
            key = name.removeprefix(DAY)
            moment = f"{value} {data.get(TIME + key, '')}".strip()
            if value and moment != data.get(SHOWN + key):
                found[key] = moment
    return found
