"""A select of our own template is the one that Django makes."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

CHOICES = [("", "Choose one"), ("a&b", "A & <b>"), (1, "One"), ("Europe/London", "London")]


class Form(forms.Form):
    text = forms.ChoiceField(choices=CHOICES, initial="a&b")
    number = forms.TypedChoiceField(choices=CHOICES, initial=1, coerce=int)
    nothing = forms.ChoiceField(choices=CHOICES, required=False)


@pytest.mark.parametrize("name", Form.base_fields)
@pytest.mark.parametrize(
    "data", [None, {}, {"text": "Europe/London", "number": "1", "nothing": ""}, {"text": "x"}]
)
def test_it_offers_and_chooses_what_django_would(name, data):
    ours = str(Form(data)[name])
    djangos = str(Form(data, renderer=DjangoTemplates())[name])

    assert ours.count("<option") == len(CHOICES)
    assert parse_html(ours) == parse_html(djangos)
