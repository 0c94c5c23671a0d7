"""Text as people mean it: invisible marks go, what nobody can see is nothing."""

import sys
import time
import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.text.fields import EmailField, LineField, LinesField
from practice.text.plain_text import is_piled, one_line, several_lines

# What shows nothing by itself: Default_Ignorable_Code_Point of Unicode's
# DerivedCoreProperties.txt, and the blanks that it does not count.
IGNORABLE = [
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFC),
    (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
]
REORDERS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def can_be_seen(text: str) -> bool:
    """Whether some character of it is a letter, digit, sign or mark of punctuation to see."""
    return any(
        unicodedata.category(c)[0] in "LNPS"
        and not any(first <= ord(c) <= last for first, last in IGNORABLE)
        for c in text
    )


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("Ann Ashby", "Ann Ashby"),
        ("  Ann\t Ashby\n", "Ann Ashby"),
        ("Ann\u00a0Ashby", "Ann Ashby"),
        ("Ann\u2028Ashby", "Ann Ashby"),
        ("\u202a+44 7700 900123\u202c", "+44 7700 900123"),
        ("\u200bann@mail.example\u200b", "ann@mail.example"),
        ("\ufeffAnn Ashby", "Ann Ashby"),
        ("An\u00adn Ash\u2060by", "Ann Ashby"),
        ("\u2067Ann\u2069 Ashby", "Ann Ashby"),
        ("Ann \u202eAshby", "Ann Ashby"),
        ("Ann\U000e0041\U000e0042", "Ann"),
        ("Ann\u3164 Ashby", "Ann Ashby"),
        ("Ann\u200d \u200cAshby\ufe0f", "Ann Ashby\ufe0f"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("👩\u200d❤\ufe0f\u200d👩", "👩\u200d❤\ufe0f\u200d👩"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("\u3164", ""),
        ("\u2800\u2800", ""),
        ("\u200b", ""),
        ("\u00ad", ""),
        ("\u200e", ""),
        ("\U000e0041\U000e0042", ""),
        ("\u0301" * 110, ""),
        ("\ue000", ""),
        (" \u200b ", ""),
    ],
)
def test_a_line_is_what_was_meant(pasted, meant):
    assert one_line(pasted) == meant


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("one\u2028two\u2029three\x0bfour\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("a  b\tc", "a  b\tc"),
        ("\u200bone\u202c\r\n\r\n\u2067two", "one\n\ntwo"),
        ("\u200b\r\n\u3164", ""),
    ],
)
def test_lines_are_what_was_meant(pasted, meant):
    assert several_lines(pasted) == meant


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20))
def test_cleaning_is_done_in_one_go(text):
    assert one_line(one_line(text)) == one_line(text)
    assert several_lines(several_lines(text)) == several_lines(text)


odd = st.sampled_from(
    [chr(c) for first, last in IGNORABLE for c in range(first, min(last, first + 9) + 1)]
    + ["\u0301", "\u20dd", "\u0488", " ", "\u00a0", "\u2028", "\ue000", "\u0378", "\u0640", "a"]
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=12), st.text(alphabet=odd, max_size=12)))
def test_no_name_that_is_accepted_is_invisible(text):
    try:
        name = LineField(max_length=120).clean(text)
    except ValidationError:
        return

    assert can_be_seen(name)
    assert not set(name) & set(REORDERS)
    assert name == " ".join(name.split())
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name)


def test_no_single_character_is_accepted_that_nobody_sees():
    accepted = [c for c in map(chr, range(sys.maxunicode + 1)) if one_line(c)]

    assert len(accepted) > 140_000
    assert all(can_be_seen(c) or unicodedata.category(c) in {"Cc", "Cs"} for c in accepted)


@pytest.mark.parametrize("unit", ["\u200d", "\ufe0f", "\u0335", "\u200b", " ", "\r", "("])
def test_the_longest_body_costs_no_more_than_its_length(unit):
    body = f"a{unit * 200_000}a"
    started = time.process_time()

    one_line(body), several_lines(body), is_piled(body)

    # Of work, whatever else the machine does; a power of the length would take an hour.
    assert time.process_time() - started < 5


# As fields of a form.


@pytest.mark.parametrize("text", ["Zoë", "O’Sullivan", "李美玲", "Nguyễn Thị Mai", "שָׁלוֹם", "ကြွှိုး"])
def test_a_line_may_be_as_names_are(text):
    assert LineField().clean(text) == text


@pytest.mark.parametrize("text", ["Zoë\x07", "a\x1b[1m", "Z" + "\u0335" * 9, "a\x00b"])
def test_a_line_with_control_characters_or_a_pile_of_marks_is_refused(text):
    with pytest.raises(ValidationError):
        LineField().clean(text)


@pytest.mark.parametrize("text", ["", " ", "\u3164", "\u2800", "\u200b", "\u00ad", "\u0301" * 110])
def test_a_line_with_nothing_to_see_is_one_left_empty(text):
    assert LineField(required=False).clean(text) == ""
    with pytest.raises(ValidationError) as refused:
        LineField(error_messages={"required": "Enter it"}).clean(text)
    assert refused.value.messages == ["Enter it"]


def test_invisible_marks_do_not_count():
    assert LineField(max_length=3).clean("\u202aAnn\u202c") == "Ann"


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_a_line_break_counts_as_one_character(ends):
    lines = LinesField(max_length=9)

    assert lines.clean(f"123{ends}567{ends}9") == "123\n567\n9"
    with pytest.raises(ValidationError):
        lines.clean(f"123{ends}567{ends}90")


def test_an_address_is_taken_without_what_pasting_brings():
    assert EmailField().clean(" \u200bann@mail.example\u200b\u202c") == "ann@mail.example"
    with pytest.raises(ValidationError):
        EmailField().clean("ann mail.example")


def test_a_field_that_was_not_sent_is_empty():
    class Form(forms.Form):
        line = LineField(required=False)
        lines = LinesField(required=False)
        address = EmailField(required=False)

    form = Form({})

    assert form.is_valid()
    assert form.cleaned_data == {"line": "", "lines": "", "address": ""}
