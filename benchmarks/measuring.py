"""One interleaved run: every page in turn, the unit before each, many rounds."""

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks.asking import Answer, Refused, Visitor
from benchmarks.pages import Page, Stage
from benchmarks.servers import Gunicorn

FEWEST = 3  # times that anything is measured, however slow
SHARE = 0.05  # of the whole time, for a single page
AT_ONCE = 8  # people, where throughput is measured


@dataclass
class Target:
    """A page of one therapist, and what asking for it took."""

    page: Page
    of_therapist: int
    stage: Stage
    visitor: Visitor
    server: Gunicorn
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # seconds of all threads of the web server
    status: int = 0
    sent: int = 0  # bytes over the wire
    bare: "Target | None" = None  # the same without its Python, of a page

    def ask(self) -> Answer | None:
        """Ask once; what is answered otherwise than it should be is kept as its status."""
        return self._ask(*self.path_and_form())

    def path_and_form(self) -> tuple[str, dict[str, str] | None]:
        """Return where to ask; and for a press what is sent, for which its page is opened."""
        path, sends = self.page.path(self.stage), self.page.sends
        return path, sends if sends is None else self.visitor.open_form(path) | sends

    def _ask(self, path: str, sends: dict[str, str] | None) -> Answer | None:
        try:
            answer = self.visitor.ask(path, sends)
        except Refused:
            self.status = 0
            return None
        self.status, self.sent = answer.status, len(answer.sent)
        return answer

    def measure(self) -> None:
        """Ask, and note how long that took, if it was answered as it should be."""
        path, sends = self.path_and_form()
        before = self.server.cpu()
        answer = self._ask(path, sends)
        if answer and answer.status == self.page.status:
            self.seconds.append(answer.seconds)
            self.cpu.append(self.server.cpu() - before)
        if self.bare:
            self.bare.measure()

    def has_had(self, seconds: float) -> bool:
        """Whether it has taken its share of the time; presses undo each other, and never stop."""
        return (
            self.page.sends is None
            and len(self.seconds) >= FEWEST
            and sum(self.seconds) > seconds * SHARE
        )

    @property
    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def median_of_cpu(self) -> float | None:
        return statistics.median(self.cpu) if self.cpu else None


def warm_up(targets: Sequence[Target], times: int) -> None:
    """Ask for everything a few times, so that every process has seen it."""
    for _ in range(times):
        for target in targets:
            if not (target.page.sends is None and target.status not in (0, target.page.status)):
                target.ask()


def run(
    targets: Sequence[Target], unit: Target, seconds: float, progress: Callable[[float], None]
) -> None:
    """Measure round by round until the time is over; the unit stands before every page."""
    begun = time.monotonic()
    rounds = 0
    while rounds < FEWEST or time.monotonic() - begun < seconds:
        former = None
        for target in targets:
            if target.page is not former:
                unit.measure()
                former = target.page
            if not target.has_had(seconds) and (target.seconds or rounds < FEWEST):
                target.measure()
        rounds += 1
        for stage in {id(target.stage): target.stage for target in targets}.values():
            stage.cancel_bookings()
        progress(min((time.monotonic() - begun) / seconds, 1))


@dataclass(frozen=True)
class Rate:
    """How many requests a second are answered, and what each costs the web server."""

    a_second: float
    cpu_milliseconds: float


def throughput(targets: Sequence[Target], seconds: float, rounds: int) -> list[Rate]:
    """Return it for each, asked by several people at once, in turn."""
    found: list[list[Rate]] = [[] for _ in targets]
    for _ in range(rounds):
        for target, rates in zip(targets, found, strict=True):
            rates.append(_rate(target, seconds))
    return [
        Rate(
            statistics.median(rate.a_second for rate in rates),
            statistics.median(rate.cpu_milliseconds for rate in rates),
        )
        for rates in found
    ]


def _rate(target: Target, seconds: float) -> Rate:
    path, until = target.page.path(target.stage), time.monotonic() + seconds
    begun, before = time.monotonic(), target.server.cpu()

    def ask_on(_: int) -> int:
        answered = 0
        while time.monotonic() < until:
            answered += target.visitor.ask(path).status == target.page.status
        return answered

    with ThreadPoolExecutor(AT_ONCE) as people:
        answered = sum(people.map(ask_on, range(AT_ONCE)))
    used = target.server.cpu() - before
    return Rate(answered / (time.monotonic() - begun), used * 1000 / max(answered, 1))
