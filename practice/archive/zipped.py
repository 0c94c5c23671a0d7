"""A ZIP file that is sent while it is written: no more of it is held than a piece.

`zipfile` writes to whatever cannot go back, too; what it has written is taken from it piece by
piece. The last file has the SHA-256 checksums of all others, as `sha256sum --check` reads them.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SUMS = "SHA256SUMS"
PIECE = 64 * 1024  # bytes

Members = Iterable[tuple[str, Iterable[bytes]]]


class Pieces:
    """A file that can only be written to, and forgets what is taken."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self.written.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: whoever takes a piece sends it."""

    def take(self) -> bytes:
        piece, self.written, self.size = b"".join(self.written), [], 0
        return piece


def zipped(members: Members, made_at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of files, each given by its path and, when its turn comes, its parts."""
    out = Pieces()
    sums: list[str] = []
    with ZipFile(out, "w") as bundle:  # type: ignore[call-overload]  # it only has to be written to
        for path, parts in members:
            digest = hashlib.sha256()
            with bundle.open(_info(path, made_at), "w", force_zip64=True) as member:
                for part in parts:
                    digest.update(part)
                    member.write(part)
                    if out.size > PIECE:
                        yield out.take()
            if not sums:
                yield out.take()  # the first file, so that whoever waits sees that it comes
            sums.append(f"{digest.hexdigest()}  {path}\n")
        bundle.writestr(_info(SUMS, made_at), "".join(sums))
    yield out.take()


def _info(path: str, made_at: datetime) -> ZipInfo:
    info = ZipInfo(path, made_at.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16  # for its owner alone, where it is unpacked
    return info
