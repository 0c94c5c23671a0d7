"""An archive to take away: one page to read, and the same as data."""

import json
import zipfile
from datetime import date, datetime
from io import BytesIO

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone


def iso(moment: datetime | date) -> str:
    """Return a moment in the reader's zone, with its offset, or a day, as ISO 8601 has them."""
    at = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return at.isoformat()


def archive(template: str, data_name: str, data: dict) -> bytes:
    """Return a ZIP of `index.html`, made by a template, and of the same data as JSON."""
    page = render_to_string(template, {"data": data})
    # ASCII only: whatever a name holds, no program that opens the file takes it for something else.
    text = json.dumps(data, default=iso, indent=2)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("index.html", page)
        bundle.writestr(data_name, text + "\n")
    return file.getvalue()


def download(content: bytes, name: str) -> HttpResponse:
    """Answer with an archive that the browser saves under this name, and keeps nowhere else."""
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
        },
    )
