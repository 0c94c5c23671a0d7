"""An archive that somebody gives us: nothing in it is believed before it has been looked at.

It is never unpacked. Its files are read in place, row by row; how large they are is known before.
"""

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from practice.archive.cells import text_of
from practice.archive.contents import FORMAT, VERSION
from practice.archive.tables import NUMBER, Table
from practice.archive.zipped import SUMS

MOST_FILES = 100_000
MOST_BYTES = 4 * 1024**3  # of all files, unpacked
MOST_TIMES = 200  # a file may be so many times as large as what it was packed into
MOST_ROWS = 2_000_000  # of a table
MOST_OF_A_TEXT = 32 * 1024**2  # bytes of the manifest, and of the checksums
PATH = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,3}")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class Unreadable(Exception):
    """An archive that cannot be taken; the text says why, in a sentence. Nothing was changed."""


@dataclass
class Archive:
    """An archive of which the checksums are right."""

    bundle: zipfile.ZipFile
    manifest: dict[str, Any]

    @property
    def email(self) -> str:
        """With which address its therapist signed in."""
        return str(self.manifest["therapist"]["email"])

    def rows(self, table: Table) -> Iterator[dict[str, str]]:
        """Yield the rows of a table; a column that is newer than the archive is in none.

        Raises:
            Unreadable: it has no such table, other columns, or rows out of their order.
        """
        try:
            with self.bundle.open(table.path) as member:
                yield from self._rows(table, member)
        except KeyError:
            raise Unreadable(f"{table.path} is missing.") from None
        except (csv.Error, UnicodeDecodeError):
            raise Unreadable(f"{table.path} is no table.") from None
        except BROKEN:
            raise Unreadable(f"{table.path} cannot be unpacked.") from None

    def _rows(self, table: Table, member: IO[bytes]) -> Iterator[dict[str, str]]:
        lines = csv.reader(io.TextIOWrapper(member, "utf-8-sig", newline=""), strict=True)
        columns = next(lines, [])
        known = {NUMBER, *(column.name for column in table.fields)}
        if columns[:1] != [NUMBER] or len(set(columns)) < len(columns):
            raise Unreadable(f"{table.path} does not begin with the names of its columns.")
        if unknown := set(columns) - known:
            raise Unreadable(
                f"{table.path} has a column {min(unknown)!r}, which is not known here: the archive "
                "was made by a newer version."
            )
        for number, line in enumerate(lines, start=1):
            if len(line) != len(columns) or line[0] != str(number):
                raise Unreadable(f"{table.path}, row {number}, is not as it was written.")
            if number > MOST_ROWS:
                raise Unreadable(f"{table.path} has more than {MOST_ROWS:,} rows.")
            yield {name: text_of(cell) for name, cell in zip(columns, line, strict=True)}


@contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[Archive]:
    """Yield an archive, once all of it has been held against its checksums.

    Raises:
        Unreadable: it is none, is not whole, was changed, or is of another version.
    """
    try:
        with zipfile.ZipFile(file) as bundle:
            _look_at_files(bundle.infolist())
            _check_sums(bundle)
            yield Archive(bundle, _manifest(bundle))
    except BROKEN as error:
        if isinstance(error, FileNotFoundError):
            raise Unreadable("There is no such file.") from None
        raise Unreadable(
            "This is no archive, or not the whole of one: download or write it again."
        ) from None


def _look_at_files(files: list[zipfile.ZipInfo]) -> None:
    """Look at what the archive says of its files, before any is unpacked."""
    names = [file.filename for file in files]
    if len(files) > MOST_FILES:
        raise Unreadable(f"It has more than {MOST_FILES:,} files.")
    if len(set(names)) < len(names):
        raise Unreadable("It has a file twice.")
    for file in files:
        if not PATH.fullmatch(file.filename) or ".." in file.filename.split("/"):
            raise Unreadable(f"It has a file with the path {file.filename[:80]!r}.")
        if file.flag_bits & 1 or file.compress_type not in METHODS:
            raise Unreadable(f"{file.filename} is locked, or packed in a way that is not ours.")
        if file.file_size > 64 * 1024 + MOST_TIMES * file.compress_size:
            raise Unreadable(f"{file.filename} is packed far too tightly to be ours.")
    if sum(file.file_size for file in files) > MOST_BYTES:
        raise Unreadable("Unpacked it would be larger than 4 GB.")


def _check_sums(bundle: zipfile.ZipFile) -> None:
    told = {}
    for line in _text(bundle, SUMS).splitlines():
        digest, _, name = line.partition("  ")
        told[name] = digest
    names = set(bundle.namelist()) - {SUMS}
    if names != told.keys():
        name = min(names ^ told.keys())
        raise Unreadable(f"{name} is {'not in' if name in names else 'missing, and in'} {SUMS}.")
    for name in sorted(names):
        sha256 = hashlib.sha256()
        with bundle.open(name) as member:
            while part := member.read(1024 * 1024):
                sha256.update(part)
        if sha256.hexdigest() != told[name]:
            raise Unreadable(
                f"{name} was changed since the archive was made: its checksum differs."
            )


def _manifest(bundle: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest = json.loads(_text(bundle, "manifest.json"))
        if manifest["format"] != FORMAT:
            raise Unreadable("This is no archive of a practice.")
        if manifest["version"] != VERSION:
            raise Unreadable(
                f"The archive is of version {manifest['version']}, and version {VERSION} is read "
                "here."
            )
        if not isinstance(manifest["therapist"]["email"], str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable("manifest.json does not say what this is.") from None
    return manifest


def _text(bundle: zipfile.ZipFile, name: str) -> str:
    try:
        if bundle.getinfo(name).file_size > MOST_OF_A_TEXT:
            raise Unreadable(f"{name} is too large.")
        return bundle.read(name).decode()
    except KeyError:
        raise Unreadable(f"This is no archive of a practice: {name} is missing.") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is no text.") from None
