"""The main flows in Firefox and in WebKit (Safari's engine): a long form, not part of the tests.

python3 manage.py test --other-browsers

installs the browsers on Debian if you are root, and otherwise says how. They are driven over
WebDriver by the standard library alone (`webdriver.py`).
"""

import shutil
from pathlib import Path

INSTALL = "apt install --no-install-recommends firefox-esr webkit2gtk-driver xvfb"
FLOWS = "tests/other_browsers/flows.py"


def find_firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


def find_webkit() -> Path | None:
    """Return WebKitGTK's small browser, if what drives it and a screen for it are there, too."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser"))
    has_both = shutil.which("WebKitWebDriver") and shutil.which("Xvfb")
    return found[-1] if found and has_both else None
