"""What callers send, typed and checked: blocks of every variant, and workspaces. Read from JSON that is parsed already;
whatever is wrong with a body is told at once, field by field (`FieldsInvalid`).
"""

from remit.web.shapes.assets import AssetBody, UpdateBody, read_asset, read_update
from remit.web.shapes.chosen import ById, Chosen, Inline
from remit.web.shapes.meta import Home, Level
from remit.web.shapes.reading import FieldsInvalid
from remit.web.shapes.workspace import WorkspaceBody, read_workspace

__all__ = [
    "AssetBody",
    "ById",
    "Chosen",
    "FieldsInvalid",
    "Home",
    "Inline",
    "Level",
    "UpdateBody",
    "WorkspaceBody",
    "read_asset",
    "read_update",
    "read_workspace",
]
