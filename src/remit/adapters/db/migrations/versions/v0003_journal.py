"""What was signed of the journal: one checkpoint after another, which nothing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NEVER = "what was signed of the journal never changes"


def upgrade() -> None:
    """Make the table, and the triggers that keep what is in it."""
    op.create_table(
        "journal_checkpoints",
        sa.Column("writer", TEXT, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("writer", "first", "size", name="pk_journal_checkpoints"),
    )
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgres():
        op.execute(statement)


def downgrade() -> None:
    """Remove the table, and all that is in it."""
    op.drop_table("journal_checkpoints")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION remit_signed_stays()")


def _postgres() -> list[str]:
    return [
        "CREATE FUNCTION remit_signed_stays() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{NEVER}'; END $$",
        "CREATE TRIGGER journal_checkpoints_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_checkpoints"
        " FOR EACH STATEMENT EXECUTE FUNCTION remit_signed_stays()",
    ]


def _sqlite() -> list[str]:
    return [
        *(
            f"CREATE TRIGGER journal_checkpoints_{word.lower()} BEFORE {word} ON journal_checkpoints"
            f" BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
            for word in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER journal_checkpoints_next BEFORE INSERT ON journal_checkpoints"
        " WHEN EXISTS (SELECT 1 FROM journal_checkpoints"
        " WHERE writer = NEW.writer AND first = NEW.first AND size = NEW.size)"
        f" BEGIN SELECT RAISE(ABORT, '{NEVER}'); END",
    ]
