"""Phone numbers as they are written, and as they are dialled."""

import pytest

from practice.templatetags.components import phone
from practice.text.phone_numbers import dialled


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("020 7946 0018", "02079460018"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("+46-8-123.45/67", "+4681234567"),
        ("(020) 7946 0018", "02079460018"),
        ("020 7946 0018 ext 2", "02079460018"),
        ("Mother: 07700 900123", "07700900123"),
        ("٠٢٠ ٧٩٤٦", "0207946"),
        ("020–7946—0018", "02079460018"),
        ("999", "999"),
        ("12", ""),
        ("none", ""),
        ("", ""),
        ("+", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_a_number_is_dialled_by_its_digits(written, number):
    assert dialled(written) == number


def test_a_number_is_a_link_as_it_was_written():
    assert phone("020 7946 0018") == '<a href="tel:02079460018">020 7946 0018</a>'


def test_what_is_no_number_is_text():
    assert phone("ask <b>Mum</b>") == "ask &lt;b&gt;Mum&lt;/b&gt;"
