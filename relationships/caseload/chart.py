"""A line of numbers as a drawing: plain coordinates, which the template puts into SVG."""

from dataclasses import dataclass

TOP, BOTTOM = 12, 30
DIGIT = 9  # as wide as a digit may be, bold, in whichever font a system has


@dataclass(frozen=True)
class Mark:
    """A label and where it stands."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Everything a filled line needs, in units of the view box."""

    width: int
    height: int
    line: str
    area: str
    last: Mark
    months: list[Mark]
    grid: list[Mark]


def draw(numbers: list[int], labels: list[str], *, width: int, height: int, every: int) -> Chart:
    """Draw numbers of 0 and up from left to right; label every n-th of them below.

    Needs two numbers or more.
    """
    top = _round_up(max(*numbers, 4))
    # Room for the numbers beside the grid, and for the last one with its word ("280 now").
    left, right = 16 + DIGIT * len(str(top)), 12 + DIGIT * len(f"{numbers[-1]} now")
    inner, floor = width - left - right, height - BOTTOM

    def x(i: int) -> float:
        return round(left + inner * i / (len(numbers) - 1), 1)

    def y(number: float) -> float:
        return round(floor - (floor - TOP) * number / top, 1)

    points = [f"{x(i)},{y(n)}" for i, n in enumerate(numbers)]
    marks = [Mark(x(i), height - 8, label) for i, label in enumerate(labels)]
    return Chart(
        width=width,
        height=height,
        line=" ".join(points),
        area=" ".join([f"{left},{floor}", *points, f"{x(len(numbers) - 1)},{floor}"]),
        last=Mark(x(len(numbers) - 1), y(numbers[-1]), str(numbers[-1])),
        months=[mark for i, mark in enumerate(marks) if (len(marks) - 1 - i) % every == 0],
        grid=[Mark(left, y(value), str(value)) for value in (0, top // 2, top)],
    )


def _round_up(number: int) -> int:
    """Return the next number that halves evenly and reads well on an axis."""
    step = 2 if number <= 10 else 4 if number <= 40 else 20 if number <= 200 else 100
    return -(-number // step) * step
