"""The journal on disk: append-only files, one writer each. `docs/journal.md` describes them."""
