"""What the tables hold, as one text."""

from django.apps import apps

from practice.accounts.models import BrowserSession


def every_word(*, but_of: str = "") -> str:
    """Return everything that any table holds, but for the browsers' sessions and one app."""
    rows = [
        repr(list(model._base_manager.values_list()))
        for model in apps.get_models()
        if model is not BrowserSession and model._meta.app_label != but_of
    ]
    return "\n".join(rows)
