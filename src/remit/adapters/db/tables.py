"""The tables of the catalog. Instants are microseconds since 1970, UTC; versions begin at 1.

Text is compared byte by byte, so that every database sorts alike whatever its locale, and as Python does. Where text is
searched, a folded copy stands beside it: databases differ in what they take for the same letter in another case, and
most know ASCII only. Changes here need a revision in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
DOCUMENT = JSON().with_variant(JSONB(), "postgresql")


def _stamps() -> tuple[Column[str] | Column[int], ...]:
    """Who made a row and who changed it last, when, and under which revision of the policy; and the row's version."""
    return (
        Column("created_by", BYTEWISE, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("created_revision", BYTEWISE, nullable=False),
        Column("updated_by", BYTEWISE, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("updated_revision", BYTEWISE, nullable=False),
        Column("version", Integer, nullable=False),
    )


assets = Table(
    "assets",
    metadata,
    Column("id", BYTEWISE, primary_key=True),
    Column("kind", BYTEWISE, nullable=False),
    Column("variant", BYTEWISE, nullable=False),
    Column("name", BYTEWISE, nullable=False),
    Column("name_folded", BYTEWISE, nullable=False),
    Column("description", BYTEWISE, nullable=False),
    Column("description_folded", BYTEWISE, nullable=False),
    Column("scope", BYTEWISE, nullable=False),
    Column("spec", DOCUMENT, nullable=False),
    # Kept here rather than looked up: a row that was waited for is read anew by PostgreSQL, a sub-query over another
    # table is not, and the two would be of different times.
    Column("has_secret", Boolean, nullable=False),
    *_stamps(),
    UniqueConstraint("kind", "scope", "name"),
    Index(None, "scope", "variant", "name"),
)

asset_secrets = Table(
    "asset_secrets",
    metadata,
    Column("asset_id", BYTEWISE, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", BYTEWISE, primary_key=True),
    Column("name", BYTEWISE, nullable=False),
    Column("name_folded", BYTEWISE, nullable=False),
    Column("scope", BYTEWISE, nullable=False),
    Column("spec", DOCUMENT, nullable=False),
    Column("wanted", BYTEWISE, nullable=False),
    Column("actual", BYTEWISE, nullable=False),
    Column("phase_at", BigInteger, nullable=False),
    *_stamps(),
    UniqueConstraint("scope", "name"),
)

workspace_blocks = Table(
    "workspace_blocks",
    metadata,
    Column("workspace_id", BYTEWISE, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # no foreign key: a block may be deleted while a workspace that was made of it lives on
    Column("asset_id", BYTEWISE, nullable=False),
    Index(None, "asset_id"),
)

org_units = Table(
    "org_units",
    metadata,
    Column("number", Integer, Identity(always=True), primary_key=True),
    Column("scope", BYTEWISE, nullable=False),
    UniqueConstraint("scope"),
    sqlite_autoincrement=True,  # a number is never given twice, not even if its row is gone
)
