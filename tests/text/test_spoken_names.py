"""First names, all that whoever shares a session ever reads of a name; initials; lists."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.text.spoken import (
    UNNAMED,
    called,
    first_name,
    has_surname,
    in_words,
    initials,
    some_in_words,
)

PLAIN = [
    ("Ann Ashby", "Ann"),
    ("  Ann   Ashby ", "Ann"),
    ("Zoë Hartmann", "Zoë"),
    ("Anna-Maria de la Cruz", "Anna-Maria"),
    ("D’Arcy Flood", "D’Arcy"),
    ("maya lindqvist", "maya"),
    ("MAYA LINDQVIST", "MAYA"),
    ("Олена Коваль", "Олена"),
    ("Erik Lindqvist, PhD", "Erik"),
    ("Erik Lindqvist, Jr.", "Erik"),
    ("Erik Lindqvist, BSc, MBACP", "Erik"),
    ("Erik (Rik) Lindqvist", "Erik"),
    ("Erik & Maya Lindqvist", "Erik"),
]
SURNAME_FIRST = [
    ("Lindqvist, Erik", "Erik"),
    ("Lindqvist,Erik", "Erik"),
    ("LINDQVIST, Erik Johan", "Erik"),
    ("de la Cruz, Rosa", "Rosa"),
    ("García Márquez, Gabriel", "Gabriel"),
    ("Lindqvist, Dr. Erik", "Erik"),
    ("Lindqvist, Jr., Erik", "Erik"),
    ("Lindqvist, Erik, PhD", "Erik"),
    ("الأمين، ليلى", "ليلى"),
]
TITLED = [
    ("Dr Erik Lindqvist", "Erik"),
    ("Dr. Erik Lindqvist", "Erik"),
    ("DR ERIK LINDQVIST", "ERIK"),
    ("Prof. Dr. med. Erik Lindqvist", "Erik"),
    ("Professor Erik Lindqvist", "Erik"),
    ("Mr Erik Lindqvist", "Erik"),
    ("Mrs. Maya Lindqvist", "Maya"),
    ("Ms Maya Lindqvist", "Maya"),
    ("Miss Maya Lindqvist", "Maya"),
    ("Mx Robin Lindqvist", "Robin"),
    ("The Rev. Erik Lindqvist", "Erik"),
    ("Rev Erik Lindqvist", "Erik"),
    ("Sir Erik Lindqvist", "Erik"),
    ("Herr Erik Lindqvist", "Erik"),
    ("Frau Dr. Maya Lindqvist", "Maya"),
    ("M. Étienne Dubois", "Étienne"),
    ("Mme Chloé Dubois", "Chloé"),
    ("Mme. Chloé Dubois", "Chloé"),
    ("Mr. & Mrs. Erik Lindqvist", "Erik"),
]
UNCLEAR = [
    "",
    "  ",
    "...",
    "Cher",
    "Lindqvist",
    "Lindqvist,",
    "Lindqvist, E.",
    "Lindqvist, Dr",
    "Lindqvist, PhD",
    "Lindqvist (Erik)",
    "Lindqvist “Erik”",
    "Lindqvist / Erik",
    "Lindqvist; Erik",
    "Lindqvist - Erik",
    "LINDQVIST Erik",
    "E Lindqvist",
    "E. Lindqvist",
    "E.J. Lindqvist",
    "E. J. Smith Jones",
    "Chr. Nielsen Berg",
    "Dr",
    "Dr Lindqvist",
    "Dr. E. Lindqvist",
    "Mr and Mrs Lindqvist",
    "Sr. García Márquez",
    "Familie Lindqvist",
    "van Gogh",
    "de la Cruz Rosa",
    "李美玲",
    "李 美玲",
    "김 민수",
    "田中 さくら",
    "李美玲 Meiling",
    "🦋",
    "7 Lindqvist",
]


@pytest.mark.parametrize(("name", "first"), PLAIN + SURNAME_FIRST + TITLED)
def test_the_first_name_is_found_in_a_name(name, first):
    assert first_name(name) == first


@pytest.mark.parametrize("name", UNCLEAR)
def test_where_it_is_not_clear_there_is_none(name):
    assert first_name(name) == ""


FIRST, LAST = st.sampled_from(["Maya", "Erik", "Zoë", "Anna-Maria"]), "Lindqvist"
TITLES = ["", "Dr ", "Dr. ", "Prof. Dr. ", "Mr ", "Mx. ", "Rev. ", "Herr ", "Mme ", "M. "]


@settings(max_examples=200, deadline=None)
@given(
    FIRST,
    st.sampled_from(TITLES),
    st.sampled_from(
        [
            "{title}{first} {last}",
            "{last}, {title}{first}",
            "{last},{title}{first}",
            "{last}, {title}",
            "{title}{last}",
            "{last}",
            "{title}{initial}. {last}",
            "{last}, {title}{initial}.",
            "{title}{first} {last}, PhD",
        ]
    ),
)
def test_however_a_name_is_written_no_surname_is_shown(first, title, shape):
    name = shape.format(title=title, first=first, initial=first[0], last=LAST)

    assert first_name(name) in (first, "")
    assert LAST not in called(name)


@pytest.mark.parametrize(
    ("name", "preferred", "words"),
    [
        ("Ann Ashby", "", "Ann"),
        ("Ann Ashby", "Nan", "Nan"),
        ("Mr Lindqvist", "Erik", "Erik"),
        ("Mr Lindqvist", "", UNNAMED),
        ("李美玲", "美玲", "美玲"),
    ],
)
def test_what_to_call_somebody(name, preferred, words):
    assert called(name, preferred) == words


@pytest.mark.parametrize(
    ("preferred", "name"),
    [
        ("Erik Lindqvist", "Erik Lindqvist"),
        ("erik lindqvist", "Erik Johan Lindqvist"),
        ("Lindqvist, Erik", "Erik Lindqvist"),
        ("Dr Lindqvist", "Erik Lindqvist"),
        ("Lindqvist", "Lindqvist, Erik"),
        ("Erik Lindqvist", "Lindqvist, Erik"),
        ("Mr Lindqvist", "Mr Lindqvist"),
        ("Lindqvist", "Dr Lindqvist"),
        ("E Lindqvist", "E. Lindqvist"),
    ],
)
def test_a_preferred_name_with_the_surname_in_it_is_noticed(preferred, name):
    assert has_surname(preferred, name)


@pytest.mark.parametrize(
    ("preferred", "name"),
    [
        ("Nan", "Ann Ashby"),
        ("Mary Ann", "Mary Ann Smith"),
        ("Éva", "Nagy Éva"),
        ("Cher", "Cher"),
        ("美玲", "李美玲"),
        ("E. J.", "Erik Johan Lindqvist"),
        ("Erik", "Lindqvist, Erik"),
        ("", "Ann Ashby"),
    ],
)
def test_a_preferred_name_without_it_is_taken(preferred, name):
    assert not has_surname(preferred, name)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Maya Lindqvist", "ML"),
        ("Rosa de la Cruz", "RC"),
        ("Cher", "C"),
        ("Dr. Erik Lindqvist", "EL"),
        ("Dr", "D"),
        ("zoë hartmann", "ZH"),
        ("Ann (Nan)", "A"),
        ("李美玲", "李"),
        ("...", "."),
        ("", ""),
        ("  ", ""),
    ],
)
def test_initials(name, letters):
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["Ann"], "Ann"),
        (["Ann", "Ben"], "Ann and Ben"),
        (["Ann", "Ben", "Cleo"], "Ann, Ben and Cleo"),
        (iter(["Ann", "Ben"]), "Ann and Ben"),
    ],
)
def test_names_in_a_sentence(names, words):
    assert in_words(names) == words


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["Ann", "Ben", "Cleo", "Dan"], "Ann, Ben, Cleo and Dan"),
        (["Ann", "Ben", "Cleo", "Dan", "Eve"], "Ann, Ben, Cleo and 2 others"),
        (["Ann", "Ben", "Cleo", *"xyz" * 9], "Ann, Ben, Cleo and 27 others"),
    ],
)
def test_of_many_names_a_few_are_said(names, words):
    assert some_in_words(names) == words
