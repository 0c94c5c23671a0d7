"""Practices of any size in the product's own tables, by bulk load: `manage.py fill`."""

from benchmarks.fill.load import NotEmpty, fill
from benchmarks.fill.plan import PASSWORD, PROBES, TOTP_SECRET, probe_email

__all__ = ["PASSWORD", "PROBES", "TOTP_SECRET", "NotEmpty", "fill", "probe_email"]
