"""What was live when: whole policies, and the log of their activations, which nothing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NEVER = "what was live never changes"
TABLES = ("policy_revisions", "policy_activations")


def upgrade() -> None:
    """Make the tables, and the triggers that keep what is in them."""
    op.create_table(
        "policy_revisions",
        sa.Column("revision", TEXT, nullable=False),
        sa.Column("archive", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_policy_revisions"),
    )
    op.create_table(
        "policy_activations",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("revision", TEXT, nullable=False),
        sa.Column("parent", TEXT),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("source", "how", "author")),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        *(sa.Column(name, TEXT) for name in ("plan", "git_commit")),
        sa.PrimaryKeyConstraint("number", name="pk_policy_activations"),
        sa.ForeignKeyConstraint(["revision"], ["policy_revisions.revision"], name="fk_policy_activations_revision"),
    )
    op.create_index("ix_policy_activations_revision_number", "policy_activations", ["revision", "number"])
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgres():
        op.execute(statement)


def downgrade() -> None:
    """Remove the tables, and all that is in them."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION remit_never_changes()")
        op.execute("DROP FUNCTION remit_next_number()")


def _postgres() -> list[str]:
    return [
        "CREATE FUNCTION remit_never_changes() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{NEVER}'; END $$",
        "CREATE FUNCTION remit_next_number() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM policy_activations)"
        f" THEN RAISE EXCEPTION '{NEVER}'; END IF; RETURN NEW; END $$",
        *(
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION remit_never_changes()"
            for table in TABLES
        ),
        "CREATE TRIGGER policy_activations_next BEFORE INSERT ON policy_activations"
        " FOR EACH ROW EXECUTE FUNCTION remit_next_number()",
    ]


def _sqlite() -> list[str]:
    return [
        *(
            f"CREATE TRIGGER {table}_{word.lower()} BEFORE {word} ON {table} BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
            for table in TABLES
            for word in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER policy_activations_next BEFORE INSERT ON policy_activations"
        " WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM policy_activations)"
        f" BEGIN SELECT RAISE(ABORT, '{NEVER}'); END",
        "CREATE TRIGGER policy_revisions_next BEFORE INSERT ON policy_revisions"
        " WHEN EXISTS (SELECT 1 FROM policy_revisions WHERE revision = NEW.revision)"
        f" BEGIN SELECT RAISE(ABORT, '{NEVER}'); END",
    ]
