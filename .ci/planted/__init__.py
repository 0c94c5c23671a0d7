"""An app whose second migration breaks the code that still runs: the linter has to find it."""
