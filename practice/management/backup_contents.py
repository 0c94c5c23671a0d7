"""What a backup has to hold, as numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Contents:
    """How many rows each table has, and how many there are of what keeps them right."""

    rows: dict[str, int] = field(default_factory=dict)
    objects: dict[str, int] = field(default_factory=dict)

    def differences(self, copy: "Contents") -> Iterator[str]:
        """Yield what a copy has more or less of."""
        for ours, theirs in ((self.rows, copy.rows), (self.objects, copy.objects)):
            for name in sorted({*ours, *theirs}):
                if ours.get(name) != theirs.get(name):
                    yield f"{name}: {ours.get(name, 0)} became {theirs.get(name, 0)}"
