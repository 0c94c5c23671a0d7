"""What a therapist is asked before anything is brought in, and what they have answered."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ONE, TWO, SKIP = "One person", "Two people", "Leave out"
PRESENT, PAST = "Present clients", "Past clients"
COUPLE = "Couple"
MOST_SHOWN = 200  # of questions that are answered already
MOST_ASKED = 50  # of people who may be one: whoever has more has no time for them


class About(StrEnum):
    """What a question is about."""

    DATES = "dates"
    FILE = "file"
    PERSON = "person"
    COUPLE = "couple"
    ALL = "all"


@dataclass(frozen=True)
class Question:
    """Something to decide; `answer` is what was answered, or is preselected, or "" """

    file: str
    what: str
    choices: tuple[str, ...]
    answer: str
    about: About
    preselected: str = ""
    details: tuple[tuple[str, str], ...] = ()  # two people: name, and where from

    @property
    def key(self) -> str:
        return key_of(self.file, self.what)

    @property
    def is_open(self) -> bool:
        return not self.answer

    @property
    def stops(self) -> bool:
        """Whether nothing can be brought in before it is answered.

        Two who may be one person are two unless somebody says otherwise: they can be merged later.
        """
        return self.is_open and self.about is not About.PERSON


def key_of(file: str, what: str) -> str:
    """Return by what an answer finds its question."""
    return hashlib.sha256(f"{file}\0{what}".encode()).hexdigest()[:20]


class Asking:
    """Asks, and notes what was asked; `answers` are by `key_of`."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers, self.questions = answers, list[Question]()
        self.asked = Counter[tuple[str, str]]()

    def ask(  # long for its arguments
        self,
        about: About,
        file: str,
        what: str,
        choices: Iterable[str],
        preselected: str = "",
        details: tuple[tuple[str, str], ...] = (),
    ) -> str:
        """Return the answer; where there is none yet, what is preselected, perhaps nothing.

        What is asked again, of another of the same name, has a number.
        """
        choices = tuple(choices)
        self.asked[file, what] += 1
        if (number := self.asked[file, what]) > 1:
            what = f"{what} ({number})"
        given = self.answers.get(key_of(file, what), "")
        answer = given if given in choices else preselected
        self.questions.append(Question(file, what, choices, answer, about, preselected, details))
        return answer

    def said(self, file: str, what: str) -> str:
        """Return what was said of something that is not asked, but can be changed."""
        return self.answers.get(key_of(file, what), "")


def answers_of(data: Any) -> dict[str, str]:
    """Return the answers of a file: questions as they were printed, each with an "answer".

    Raises:
        ValueError: it has another form; the text says which.
    """
    listed = data.get("questions", data.get("answers")) if isinstance(data, dict) else data
    if not isinstance(listed, list):
        raise ValueError("Answers are a list of objects with “file”, “what” and “answer”.")
    found = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("what"), str):
            raise ValueError("Each answer is an object with “file”, “what” and “answer”.")
        if isinstance(one.get("answer"), str):
            found[key_of(str(one.get("file", "")), one["what"])] = one["answer"]
    return found
