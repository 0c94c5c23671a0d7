"""A mail server that writes what it takes into a folder before it says that it has taken it.

python -m tests.harness.mail_folder PORT FOLDER
"""

import signal
import sys
from itertools import count
from pathlib import Path

from aiosmtpd.controller import Controller


class Folder:
    """Takes every message."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count(1)

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        (self.folder / f"{next(self.numbers):06}.eml").write_bytes(envelope.content)
        return "250 OK"


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    server = Controller(Folder(folder), hostname="127.0.0.1", port=port)
    server.start()
    (folder / "ready").touch()
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    server.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    main()
