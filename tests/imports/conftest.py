"""Files that are brought in, as bytes or text, and what comes of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from practice.imports.asking import key_of
from practice.imports.reading import Reading, read_files

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[tuple[Path, str]]]:
    """Write files, given by name and text or bytes; return them as they are read."""

    def write(**contents: str | bytes) -> list[tuple[Path, str]]:
        found = []
        for name, content in contents.items():
            name = name.replace("__", ".")
            path = tmp_path / name
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            found.append((path, name))
        return found

    return write


@pytest.fixture
def planned(files, alice) -> Callable[..., Reading]:
    """Read files into a plan for Alice; answers are given as {(file, what): answer}, or by key."""

    def read(answers: dict | None = None, **contents: str | bytes) -> Reading:
        keyed = {
            asked if isinstance(asked, str) else key_of(*asked): answer
            for asked, answer in (answers or {}).items()
        }
        return read_files(files(**contents), alice, keyed, NOW)

    return read
