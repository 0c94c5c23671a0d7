"""Archives that somebody took away."""

import zipfile
from io import BytesIO

from django.http import HttpResponse


def opened(answer: HttpResponse) -> dict[str, str]:
    """Return the files of an archive, as text."""
    assert answer.status_code == 200
    with zipfile.ZipFile(BytesIO(answer.content)) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}
