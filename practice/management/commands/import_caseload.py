"""`python3 manage.py import_caseload clients.csv --therapist alice@example.org`: moving in."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import reset_queries
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.imports.asking import MOST_SHOWN, Question, answers_of
from practice.imports.models import Import
from practice.imports.plan import Plan
from practice.imports.reading import columns_left_out, read_files
from practice.imports.sheets import Unreadable
from practice.management.owner import OwnerCommand

MOST_ANSWERS = 4 * 1024 * 1024  # bytes


class Command(OwnerCommand):
    """Brings the clients of exports into a practice: all of them, or none."""

    help = (
        "Bring clients, relationships and sessions in from exports: CSV, TSV, XLSX, vCard, "
        "FHIR and archives of ours, several files at once. Nobody is sent anything. Look first "
        "with --dry-run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--therapist", required=True, metavar="EMAIL", help="whose practice")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would come; write nothing"
        )
        parser.add_argument(
            "--answers",
            type=Path,
            metavar="FILE",
            help="JSON: the questions of --json, each with an “answer”",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object last")

    def handle(self, *, files: list[Path], therapist: str, **options: Any) -> None:
        practice, answers = self._practice(therapist), self._answers(options["answers"])
        for path in files:
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        named = [(path, path.name) for path in files]
        reading = read_files(named, practice, answers, timezone.now())
        plan = reading.plan
        for table in reading.tables:
            if left_out := columns_left_out(table):
                self.say(f"{table.file}: left out are the columns {', '.join(left_out)}.")
        why, as_read = self._why_not(plan), as_json(plan)
        self._report(plan)
        del reading
        if not (options["dry_run"] or why):
            why = self._bring_in(plan, practice)
        if options["json"]:
            self.stdout.write(as_read)
        if why:
            raise CommandError(f"Nothing was brought in. {why}")

    def say(self, words: str) -> None:
        self.stderr.write(words)

    def _practice(self, email: str) -> Therapist:
        found = Therapist.objects.select_related("user").filter(user__email=email.lower()).first()
        if found is None:
            raise CommandError(f"There is no therapist with the address {email}.")
        return found

    def _answers(self, path: Path | None) -> dict[str, str]:
        if path is None:
            return {}
        try:
            if path.stat().st_size > MOST_ANSWERS:
                raise CommandError("The answers are too long.")
            return answers_of(json.loads(path.read_text("utf-8")))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except ValueError as error:
            raise CommandError(f"{path} cannot be read: {error}") from None

    def _why_not(self, plan: Plan) -> str:
        """Return why nothing can be brought in, if that is so."""
        if plan.refused:
            return " ".join(sentence(one) for one in plan.refused)
        if plan.stops:
            asked = "; ".join(f"{q.file}: {q.what}" for q in plan.stops[:5])
            return f"Answer first, with --answers: {asked}"
        return ""

    def _bring_in(self, plan: Plan, practice: Therapist) -> str:
        from practice.imports.writing import Changed, bring_in

        if plan.is_empty:
            self.say("There is nothing new in these files.")
            return ""
        try:
            came = Import(therapist=practice, begun_by=practice.user)
            bring_in(plan, came, practice, practice.user, self._progress)
        except Changed:
            return "The practice was changed meanwhile: run this again."
        self.say(f"\nBrought in. It can be undone for 30 days, in the browser: {came.public_id}.")
        return ""

    def _progress(self, done: int, of: int) -> None:
        reset_queries()  # with DEBUG Django would remember every statement, rows included
        length = done * 40 // max(of, 1)
        bar = "#" * length + "." * (40 - length)
        self.stderr.write(f"\r[{bar}] {done:,} of {of:,}", ending="")

    def _report(self, plan: Plan) -> None:
        counts = plan.counts
        words = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items())
        self.say(words)
        if plan.left_out:
            self.say(f"{len(plan.left_out)} lines are left out:")
        for one in [*plan.left_out, *plan.unreadable, *plan.unmatched]:
            self.say(sentence(one))
        for question in plan.open:
            self.say(f"{question.file}: {question.what} ({' / '.join(question.choices)})")


def as_json(plan: Plan) -> str:
    """Return the object that `--json` prints, on one line."""
    settled = [question for question in plan.questions if not question.is_open]
    faults = [*plan.refused, *plan.unreadable]
    data: dict[str, Any] = plan.counts | {
        "unreadable": [one._asdict() for one in faults],
        "questions": [_asked(question) for question in [*plan.open, *settled[:MOST_SHOWN]]],
    }
    return json.dumps(data)


def _asked(question: Question) -> dict[str, Any]:
    return {"file": question.file, "what": question.what, "choices": list(question.choices)}


def sentence(one: Unreadable) -> str:
    """Return what cannot be read as a sentence: "clients.csv, line 12, “Email”: …"."""
    line = f"line {one.line}" if one.line else ""
    column = f"“{one.column}”" if one.column else ""
    where = ", ".join(filter(None, [one.file, line, column]))
    return f"{where}: {one.why}" if where else one.why
