"""Longer checks than the tests, run by hand."""
