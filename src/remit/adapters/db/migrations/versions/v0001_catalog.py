"""The catalog: assets and their secrets, workspaces and their blocks, the numbers of scopes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _make_assets()
    _make_workspaces()
    op.create_table(
        "org_units",
        sa.Column("number", sa.Integer, sa.Identity(always=True), nullable=False),
        _text("scope"),
        sa.PrimaryKeyConstraint("number", name="pk_org_units"),
        sa.UniqueConstraint("scope", name="uq_org_units_scope"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Remove the tables, and all that is in them."""
    for table in ("org_units", "workspace_blocks", "workspaces", "asset_secrets", "assets"):
        op.drop_table(table)


def _make_assets() -> None:
    op.create_table(
        "assets",
        _text("id"),
        *(_text(name) for name in ("kind", "variant", "name", "name_folded", "description", "description_folded")),
        _text("scope"),
        sa.Column("spec", DOCUMENT, nullable=False),
        sa.Column("has_secret", sa.Boolean, nullable=False),
        *_stamps(),
        sa.PrimaryKeyConstraint("id", name="pk_assets"),
        sa.UniqueConstraint("kind", "scope", "name", name="uq_assets_kind_scope_name"),
    )
    op.create_index("ix_assets_scope_variant_name", "assets", ["scope", "variant", "name"])
    op.create_table(
        "asset_secrets",
        _text("asset_id"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name="pk_asset_secrets"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_asset_secrets_asset_id", ondelete="CASCADE"),
    )


def _make_workspaces() -> None:
    op.create_table(
        "workspaces",
        *(_text(name) for name in ("id", "name", "name_folded", "scope")),
        sa.Column("spec", DOCUMENT, nullable=False),
        *(_text(name) for name in ("wanted", "actual")),
        sa.Column("phase_at", sa.BigInteger, nullable=False),
        *_stamps(),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("scope", "name", name="uq_workspaces_scope_name"),
    )
    workspace = "fk_workspace_blocks_workspace_id"
    op.create_table(
        "workspace_blocks",
        _text("workspace_id"),
        sa.Column("position", sa.Integer, nullable=False),
        _text("asset_id"),
        sa.PrimaryKeyConstraint("workspace_id", "position", name="pk_workspace_blocks"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=workspace, ondelete="CASCADE"),
    )
    op.create_index("ix_workspace_blocks_asset_id", "workspace_blocks", ["asset_id"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _stamps() -> list[sa.Column[str] | sa.Column[int]]:
    return [
        *(
            column
            for action in ("created", "updated")
            for column in (
                _text(f"{action}_by"),
                sa.Column(f"{action}_at", sa.BigInteger, nullable=False),
                _text(f"{action}_revision"),
            )
        ),
        sa.Column("version", sa.Integer, nullable=False),
    ]
