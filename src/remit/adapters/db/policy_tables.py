"""The tables of what was live when. Nothing in them ever changes: triggers of the database itself see to it.

A revision is one archive, kept once however often it goes live. The numbers of activations are without gaps and grow in
the order of commits, so whoever has seen one has missed none before it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Connection, ForeignKey, Index, Integer, LargeBinary, Table, event

from remit.adapters.db.tables import BYTEWISE, metadata

policy_revisions = Table(
    "policy_revisions",
    metadata,
    Column("revision", BYTEWISE, primary_key=True),
    Column("archive", LargeBinary, nullable=False),
)

policy_activations = Table(
    "policy_activations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", BYTEWISE, ForeignKey("policy_revisions.revision"), nullable=False),
    Column("parent", BYTEWISE),
    Column("at", BigInteger, nullable=False),
    Column("source", BYTEWISE, nullable=False),
    Column("how", BYTEWISE, nullable=False),
    Column("author", BYTEWISE, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("message", BYTEWISE, nullable=False),
    Column("plan", BYTEWISE),
    Column("git_commit", BYTEWISE),
    Index(None, "revision", "number"),
)

_NEVER = "what was live never changes"
_POSTGRES = (
    "CREATE FUNCTION remit_never_changes() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_NEVER}'; END $$",
    "CREATE FUNCTION remit_next_number() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM policy_activations)"
    f" THEN RAISE EXCEPTION '{_NEVER}'; END IF; RETURN NEW; END $$",
    *(
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION remit_never_changes()"
        for table in ("policy_revisions", "policy_activations")
    ),
    "CREATE TRIGGER policy_activations_next BEFORE INSERT ON policy_activations"
    " FOR EACH ROW EXECUTE FUNCTION remit_next_number()",
)
_SQLITE = (
    *(
        f"CREATE TRIGGER {table}_{word.lower()} BEFORE {word} ON {table} BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END"
        for table in ("policy_revisions", "policy_activations")
        for word in ("UPDATE", "DELETE")
    ),
    # these two keep INSERT OR REPLACE out, which deletes without asking the triggers above
    "CREATE TRIGGER policy_activations_next BEFORE INSERT ON policy_activations"
    " WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM policy_activations)"
    f" BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END",
    "CREATE TRIGGER policy_revisions_next BEFORE INSERT ON policy_revisions"
    " WHEN EXISTS (SELECT 1 FROM policy_revisions WHERE revision = NEW.revision)"
    f" BEGIN SELECT RAISE(ABORT, '{_NEVER}'); END",
)


@event.listens_for(policy_activations, "after_create")
def _guard(_table: object, connection: Connection, **_: object) -> None:
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)
