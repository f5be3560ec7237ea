"""How the tables came to be, one revision after the other; Alembic finds them here.

A new revision is a module in `versions`, named after its number: it names the one before in `down_revision`, and is
never changed once released. `tests/test_migrations.py` tells in which way the tables and the revisions differ.
"""
