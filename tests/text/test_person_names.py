"""Names: folded, searched, refused."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from practice.text.person_names import (
    fold,
    no_control_characters,
    no_control_characters_but_lines,
    search_text,
    search_words,
)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Zoë  Ng", "zoe ng"),
        (" ZOE NG ", "zoe ng"),
        ("Łukasz Dąbrowski", "lukasz dabrowski"),
        ("Søren Kjær", "soren kjaer"),
        ("Groß", "gross"),
        ("Đorđe", "dorde"),
        ("Þór", "thor"),
        ("Œuvre", "oeuvre"),
        ("Yıldız", "yildiz"),
        ("İpek", "ipek"),
        ("Олена", "олена"),
        ("李美玲", "李美玲"),
        ("Zoe\u0308", "zoe"),
        ("ＡＮＮ", "ann"),
        ("𝓩𝓸𝓮", "zoe"),
        ("O’Sullivan", "osullivan"),
        ("O'Sullivan", "osullivan"),
        ("Mbeki-Jones", "mbeki jones"),
        ("Mbeki–Jones", "mbeki jones"),
        ("St. John", "st john"),
        ("Lindqvist, Erik", "lindqvist erik"),
        ("Hawaiʻi", "hawaii"),
        ("محـــمد", "محمد"),
        ("Ħal Ŧor Ŋoma Əli", "hal tor noma eli"),
        ("\u200bAnn", "ann"),
        ("🦋", "🦋"),
        ("...", ""),
        ("", ""),
        ("\t\n", ""),
        ("a\u00a0b", "a b"),
    ],
)
def test_a_name_is_folded(name, folded):
    assert fold(name) == folded


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
@example("\u0149\u0374\u1e9a\u1fef\ua78b\uff40\u3164\uffa0\ufdfa")
def test_folding_is_done_in_one_go(text):
    assert fold(fold(text)) == fold(text)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_folding_leaves_no_spaces_to_spare(text):
    assert fold(text) == " ".join(fold(text).split())


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_a_whole_name_finds_its_bearer(name):
    haystack = search_text(name)

    assert all(f" {word}" in haystack for word in search_words(name))


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="abcdé'’-. ", min_size=1, max_size=20), st.data())
def test_the_start_of_any_word_finds_its_bearer(name, data):
    word = data.draw(st.sampled_from(name.split() or [""]))
    start = word[: data.draw(st.integers(1, max(1, len(word))))]

    assert all(f" {part}" in search_text(name) for part in search_words(start))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["Ann Ashby"], " ann ashby"),
        (["Grace Mbeki-Jones"], " grace mbekijones mbeki jones"),
        (["Niamh O’Sullivan"], " niamh osullivan o sullivan"),
        (["Ann Ashby", "Nan"], " ann ashby nan"),
        (["Ann Ann", "Ann"], " ann"),
        (["..."], ""),
        ([""], ""),
    ],
)
def test_a_search_looks_through_whole_words_and_their_parts(names, text):
    assert search_text(*names) == text


@pytest.mark.parametrize("text", ["a\x00", "\x07", "\x1b[1m", "a\nb", "a\tb", "\u202e", "\x85"])
def test_a_name_has_no_control_characters(text):
    with pytest.raises(ValidationError):
        no_control_characters(text)


@pytest.mark.parametrize("text", ["Zoë", "O’Sullivan", "李美玲", "👩‍❤️‍👩", "Mbeki-Jones (Dr.)", ""])
def test_a_name_may_be_as_names_are(text):
    no_control_characters(text)


def test_a_text_may_have_lines_but_nothing_else():
    no_control_characters_but_lines("one\r\n\ttwo\nthree")
    with pytest.raises(ValidationError):
        no_control_characters_but_lines("one\x0b")
