"""Moving out, and moving in again."""

import csv
import io
import json
import zipfile

from django.utils import timezone

from practice.accounts.models import Therapist
from practice.archive.contents import Practice
from practice.archive.moment import one_moment
from practice.archive.zipped import zipped


def archive_of(therapist: Therapist) -> bytes:
    """Return the archive of a practice."""
    with timezone.override(therapist.time_zone), one_moment():
        practice = Practice(therapist, timezone.now())
        return b"".join(zipped(practice.members(), timezone.localtime(practice.now)))


def files_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def rows_of(files: dict[str, bytes], table: str) -> list[dict[str, str]]:
    text = files[f"data/{table}.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def bundle_of(files: dict[str, bytes]) -> dict:
    return json.loads(files["fhir.json"])
