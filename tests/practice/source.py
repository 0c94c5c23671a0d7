"""The source of the product, as its rules read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("practice", "clients", "relationships")
CODE = [ROOT / "manage.py", *(path for app in APPS for path in ROOT.glob(f"{app}/**/*.py"))]
PAGES = list(ROOT.glob("templates/**/*.html"))

parse = cache(ast.parse)  # whoever changes a tree parses anew


def words(source: str) -> Iterator[str]:
    """Yield everything that is used or imported, with what stands before its dots."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Name | ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            home = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (home + alias.name for alias in node.names)


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call, with the last word of what is called."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node
