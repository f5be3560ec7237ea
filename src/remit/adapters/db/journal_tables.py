"""The table of what was signed of the journal, so that its files alone cannot be rewritten. Nothing in it ever changes
or goes: triggers of the database itself see to it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table, event

from remit.adapters.db.tables import BYTEWISE, metadata

journal_checkpoints = Table(
    "journal_checkpoints",
    metadata,
    Column("writer", BYTEWISE, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
)

_NEVER = "what was signed of the journal never changes"
_POSTGRES = (
    "CREATE FUNCTION remit_signed_stays() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_NEVER}'; END $$",
    "CREATE TRIGGER journal_checkpoints_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_checkpoints"
    " FOR EACH STATEMENT EXECUTE FUNCTION remit_signed_stays()",
)
_SQLITE = (
    *(
        f"CREATE TRIGGER journal_checkpoints_{word.lower()} BEFORE {word} ON journal_checkpoints"
        f" BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END"
        for word in ("UPDATE", "DELETE")
    ),
    # this one keeps INSERT OR REPLACE out, which deletes without asking the triggers above
    "CREATE TRIGGER journal_checkpoints_next BEFORE INSERT ON journal_checkpoints"
    " WHEN EXISTS (SELECT 1 FROM journal_checkpoints"
    " WHERE writer = NEW.writer AND first = NEW.first AND size = NEW.size)"
    f" BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END",
)


@event.listens_for(journal_checkpoints, "after_create")
def _guard(_table: object, connection: Connection, **_: object) -> None:
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)
