"""Files that belong to somebody else."""

import os
from pathlib import Path

import pytest

NOBODY = 65534


def somebody_elses(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be root, before something that belongs to somebody else."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
