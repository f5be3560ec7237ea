"""Run by Alembic: the revisions go through the connection, and the transaction, that `upgrading` hands over."""

from __future__ import annotations

from alembic import context

from remit.adapters.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
