"""Guess passwords and codes at four processes at once: five tries each are judged, no more.

    python -m tests.harness.guessing --tries 60

Every try comes from another address, so that only the limit of the account holds. How long known
and unknown accounts take is told as well, to sign in and to be sent a link for a new password, with
a mail server that keeps everybody waiting: a difference would tell who has an account.
"""

import argparse
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from tests.harness.installation import PATIENCE, Installation, installation, until
from tests.harness.report import row, say, verdict
from tests.harness.visitor import Answer, NoAnswer, Visitor

PROCESSES, AT_ONCE, ALLOWED = 4, 8, 5
WAITED = 0.5  # seconds; nobody waits for the mail so long, and a busy machine is no reason
JUDGED = {"password": "Check your email address and password", "code": "Check the code"}
STOPPED = "Too many tries"
addresses = (f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in count(1))


def visitor(practice: Installation) -> Visitor:
    return Visitor(practice.web.port, comes_from=next(addresses))


def sign_in(somebody: Visitor, email: str, password: str) -> Answer:
    page = somebody.get("/sign-in/")
    return somebody.post("/sign-in/", page, login=email, password=password)


def guess_password(practice: Installation, email: str) -> Callable[[], str]:
    somebody = visitor(practice)
    return lambda: sign_in(somebody, email, "not the password").text


def guess_code(practice: Installation, email: str) -> Callable[[], str]:
    """Get halfway with the password, which the guesser knows."""
    from tests.factories import PASSWORD

    somebody = visitor(practice)
    sign_in(somebody, email, PASSWORD)
    page = somebody.get("/sign-in/code/")
    return lambda: somebody.post("/sign-in/code/", page, code="000000").text


def faults_of(kind: str, answers: Sequence[str]) -> list[str]:
    judged = sum(JUDGED[kind] in answer for answer in answers)
    stopped = sum(STOPPED in answer for answer in answers)
    row(kind, len(answers), judged, stopped)
    faults = [] if judged <= ALLOWED else [f"{judged} tries of a {kind} were judged"]
    if judged + stopped != len(answers):
        faults.append(f"{len(answers) - judged - stopped} tries of a {kind} got another answer")
    return faults


def seconds_of(practice: Installation, path: str, **typed: str) -> float:
    """Return how long the answer to a form takes."""
    somebody = visitor(practice)
    page = somebody.get(path)
    begun = time.monotonic()
    somebody.post(path, page, **typed)
    return time.monotonic() - begun


def compare(practice: Installation, known: Sequence[str]) -> list[str]:
    """Take turns, so that both meet the same machine, and tell the medians."""
    say("| form | known account, median | unknown account, median |")
    wrong = {"password": "not the password"}
    medians = {}
    for path, name, more in (("/sign-in/", "login", wrong), ("/password/reset/", "email", {})):
        times = [
            [
                seconds_of(practice, path, **{name: email}, **more)
                for email in (email, f"nobody{n}@mail.example")
            ]
            for n, email in enumerate(known)
        ]
        medians[path] = [statistics.median(each) for each in zip(*times, strict=True)]
        row(path, *(f"{median * 1000:.0f} ms" for median in medians[path]))
    longer, shorter = medians["/password/reset/"]
    return ["a mail is waited for"] if longer - shorter > WAITED else []


class SlowMail:
    """A mail server that takes a call and says nothing."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.door.settimeout(PATIENCE)
        self.calls = []

    def answer(self, times: int) -> None:
        """Take so many calls; who calls stays in the line.

        Raises:
            TimeoutError: nobody calls any more.
        """
        self.calls += [self.door.accept() for _ in range(times)]


def run(practice: Installation, tries: int) -> list[str]:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from tests.factories import TherapistFactory, UserFactory

    user = TherapistFactory(user__email="guessed@practice.example").user
    TOTP.activate(user, generate_totp_secret())
    known = [UserFactory().email for _ in range(tries // 4)]
    mail = SlowMail()
    port = str(mail.door.getsockname()[1])
    mails = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "DEFAULT_FROM_EMAIL": "post@practice.example",
    }
    with practice.web.running(**mails, WEB_CONCURRENCY=str(PROCESSES)):
        until(lambda: is_up(practice), "the first answer")
        faults = []
        say("| what | tries | judged | stopped |")
        for kind, ways in (("code", guess_code), ("password", guess_password)):
            guesses = [ways(practice, user.email) for _ in range(tries)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                faults += faults_of(kind, list(pool.map(lambda guess: guess(), guesses)))
        faults += compare(practice, known)
        mail.answer(len(known))  # a mail for each was begun
    return faults


def is_up(practice: Installation) -> bool:
    try:
        return visitor(practice).get("/sign-in/").status == 200
    except NoAnswer:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=60)
    parser.add_argument("--pool", action="store_true", help="keep connections (?pool=true)")
    options = parser.parse_args()
    with installation("postgres", "?pool=true" if options.pool else "?pool=false") as practice:
        return verdict(run(practice, options.tries))


if __name__ == "__main__":
    sys.exit(main())
