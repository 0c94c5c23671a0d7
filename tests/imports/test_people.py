"""Names, couples, and who is one person: a wrong merge is worse than a duplicate."""

import pytest

from practice.imports import names
from practice.imports.asking import COUPLE, ONE, TWO
from tests.factories import ClientFactory, start
from tests.harness import merges


@pytest.mark.pure
@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ostrova, Maren", "Maren Ostrova"),
        ("  Maren   Ostrova ", "Maren Ostrova"),
        ("Dr. Maren Ostrova", "Maren Ostrova"),
        ("O'Neill-van der Berg, Síle", "Síle O'Neill-van der Berg"),
        ("'Maren Ostrova", "Maren Ostrova"),
        ("'t Hooft, Jan", "Jan 't Hooft"),
        ("Smith, PhD", "Smith, PhD"),
        ("Mr", "Mr"),
    ],
)
def test_names_in_their_usual_order(written, name):
    assert names.usual_order(written) == name


@pytest.mark.pure
@pytest.mark.parametrize(
    ("first", "last", "whole", "couple"),
    [
        ("Ada & Ben", "Brook", "", ("Ada Brook", "Ben Brook")),
        ("Ada & Ben", "Brook & Castle", "", ("Ada Brook", "Ben Castle")),
        ("", "", "Ada Brook & Ben Castle", ("Ada Brook", "Ben Castle")),
        ("", "", "Ada and Ben Brook", ("Ada Brook", "Ben Brook")),
        ("", "", "Brook, Ada & Ben", ("Ada Brook", "Ben Brook")),
        ("", "", "Ada Brook/Ben Castle", ("Ada Brook", "Ben Castle")),
        ("", "", "Andy Sandford", None),
        ("", "", "Maren Ostrova", None),
        ("Maren", "Ostrova", "Ada & Ben", None),
        ("", "", "Ada & Ben & Cleo", None),
        ("", "", "& Ada", None),
    ],
)
def test_two_people_in_one_name(first, last, whole, couple):
    assert names.couple_of(first, last, whole) == couple


HEADER = "Name,Email,Date of Birth,Status\n"
# One line, another, and whether they are one person: for sure, never, or as the therapist says.
PAIRS = {
    "the same name and address": ("Ann Brook,a@x.org,,", "ann brook,A@X.org,,", ONE),
    "the same name and birthday": ("Ann Brook,,1980-01-02,", "Ann Bröok,,1980-01-02,", ONE),
    "punctuation aside": ("Ann O'Neil-Ng,a@x.org,,", "Ann O’Neil Ng,a@x.org,,", ONE),
    "only the name": ("Ann Brook,,,", "Ann Brook,b@x.org,,", ""),
    "an address and another birthday": (
        "Ann Brook,a@x.org,1980-01-02,",
        "Ann Brook,a@x.org,1999-01-02,",
        "",
    ),
    "a birthday and another address": (
        "Ann Brook,a@x.org,1980-01-02,",
        "Ann Brook,b@x.org,1980-01-02,",
        "",
    ),
    "a family's address": ("Ann Brook,a@x.org,,", "Ben Brook,a@x.org,,", TWO),
}


@pytest.mark.django_db
@pytest.mark.parametrize("pair", PAIRS)
def test_two_lines_are_one_person_only_where_name_and_more_agree(planned, pair):
    one, other, expected = PAIRS[pair]

    plan = planned(one__csv=HEADER + one, other__csv=HEADER + other).plan

    asked = [q for q in plan.questions if ONE in q.choices]
    assert [q.answer for q in asked] == [expected]
    assert len(plan.people) == (1 if expected == ONE else 2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Brook,,1980-01-02,", "Ann Brook,,1999-01-02,"),
        ("Ann Brook,a@x.org,,", "Carl Moss,a@x.org,,"),
        ("Ann Brook,,,", "Anna Brook,,,"),
    ],
)
def test_whoever_is_somebody_else_is_not_asked_about(planned, one, other):
    plan = planned(one__csv=HEADER + one + "\n" + other).plan

    assert [q for q in plan.questions if ONE in q.choices] == []
    assert len(plan.people) == 2


@pytest.mark.django_db
def test_an_answer_decides(planned):
    files = {"one__csv": f"{HEADER}Ann Brook,,,\nAnn Brook,b@x.org,,"}
    (question,) = [q for q in planned(**files).plan.questions if ONE in q.choices]
    assert question.what == "Is Ann Brook (line 3) the same person as Ann Brook (one.csv, line 2)?"

    plan = planned({("one.csv", question.what): ONE}, **files).plan

    assert [person.email for person in plan.people] == ["b@x.org"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Ann O’Neil,ann@x.org,,", ONE),
        ("Ann ONeil,,,", ""),
        ("O'Neil, Ann,", None),
        ("Ben Moss,ben@x.org,,", None),
    ],
)
def test_somebody_who_is_a_client_already_is_recognised_also_when_inactive(
    planned, alice, line, expected
):
    ann = ClientFactory(therapist=alice, name="Ann O'Neil", email="ann@x.org")
    assert not ann.is_active

    plan = planned(one__csv=HEADER + line).plan

    asked = [q for q in plan.questions if ONE in q.choices]
    assert [q.answer for q in asked] == ([] if expected is None else [expected])
    assert plan.counts["already_here"] == (expected == ONE)


@pytest.mark.django_db
def test_a_client_of_another_therapist_is_nobody_here(planned, bob):
    ClientFactory(therapist=bob, name="Ann Brook", email="ann@x.org")

    plan = planned(one__csv=f"{HEADER}Ann Brook,ann@x.org,,").plan

    assert (plan.counts["people"], plan.counts["already_here"]) == (1, 0)


@pytest.mark.django_db
def test_couples_are_to_be_confirmed_and_can_be_two_people(planned):
    files = {"one__csv": f"{HEADER}Ada Brook & Ben Castle,a@x.org,,"}
    plan = planned(**files).plan
    (question,) = [q for q in plan.questions if COUPLE in q.choices]

    assert question.answer == COUPLE
    assert [(work.kind, work.people) for work in plan.works] == [("couples", (0, 1))]

    apart = planned({("one.csv", question.what): "Two separate clients"}, **files).plan
    assert [(work.kind, work.people) for work in apart.works] == [
        ("individual", (0,)),
        ("individual", (1,)),
    ]


@pytest.mark.django_db
def test_a_spouse_is_the_person_of_another_line_if_there_is_one(planned):
    header = "First Name,Last Name,E-mail Address,Spouse\n"
    lines = "Ada,Brook,a@x.org,Ben Castle\nBen,Castle,b@x.org,Ada Brook\n"

    plan = planned(
        {
            ("one.csv", q.what): ONE
            for q in planned(one__csv=header + lines).plan.questions
            if ONE in q.choices
        },
        one__csv=header + lines,
    ).plan

    assert [person.name for person in plan.people] == ["Ada Brook", "Ben Castle"]
    assert [work.kind for work in plan.works] == ["couples"]


@pytest.mark.django_db
def test_a_couple_without_its_other_half_is_one_person_and_said(planned):
    plan = planned(one__csv="Client,Client type,Email\nAda Brook,Couple,a@x.org\n").plan

    assert [work.kind for work in plan.works] == ["individual"]
    assert ["other half is missing" in one.why for one in plan.unreadable] == [True]


@pytest.mark.django_db
def test_a_couple_that_is_here_is_not_begun_again(planned, alice):
    ada, ben = (
        ClientFactory(therapist=alice, name=name, email=f"{name[0]}@x.org".lower())
        for name in ("Ada Brook", "Ben Castle")
    )
    start(ada, ben)
    questions = planned(one__csv=f"{HEADER}Ada Brook & Ben Castle,a@x.org,,").plan.questions
    answers = {(q.file, q.what): ONE for q in questions if ONE in q.choices}

    plan = planned(answers, one__csv=f"{HEADER}Ada Brook & Ben Castle,a@x.org,,").plan

    assert plan.new_works == []


@pytest.mark.pure
def test_of_made_up_pairs_none_is_merged_wrongly():
    result = merges.run(600, seed=16)

    assert result.wrong == []
    assert result.right > result.ones / 2, "and those who are one are mostly made one"


def test_a_birthday_is_said_in_words(planned):
    text = "Name,Date of Birth\nAnn Brook,1980-01-02\nAnn Brook,\n"
    (asked,) = planned(list__csv=text).plan.questions[-1:]

    assert "born 2 January 1980" in asked.details[1][1]
