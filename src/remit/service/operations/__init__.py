"""Start reading here: one frozen value per thing anyone can do, each naming what it needs.

An operation is made by a face (web or cli) and performed by the gate; nothing else leads to a handler.
"""

from __future__ import annotations

from remit.service.operations.asked import Asked, Unanswerable, checked_name, checked_scope, kept_ids
from remit.service.operations.catalog import (
    ByNumber,
    CreateAsset,
    DeleteAsset,
    GetAsset,
    ListAssets,
    ListUnits,
    Part,
    UpdateAsset,
)
from remit.service.operations.evaluation import Answer, Answers, Evaluate, EvaluateMany, Semantic
from remit.service.operations.journal import Entry, Kind, Lines, ReadJournal, ReadLine, Wanted
from remit.service.operations.policy import (
    ListAccessRules,
    ListRoles,
    MyReach,
    PolicyStatus,
    ReadMetrics,
    RefreshPolicy,
    Refused,
    Rejudged,
    Standing,
    Workers,
)
from remit.service.operations.publishing import (
    Activation,
    DiffRevisions,
    GetRevision,
    Kept,
    PolicyHistory,
    PublishPolicy,
    RollBack,
    checked_message,
)
from remit.service.operations.search import Page, PermittedScopes, Reached, Results, Search, Sought
from remit.service.operations.shadow import Compared, Difference, ListShadow
from remit.service.operations.workspaces import (
    Chosen,
    CreateWorkspace,
    DeleteWorkspace,
    GetWorkspace,
    Inline,
    ListWorkspaces,
    SuspendWorkspace,
)

Operation = (
    Evaluate | EvaluateMany | Search | PermittedScopes | PolicyStatus | ReadMetrics
    | PublishPolicy | RollBack | PolicyHistory | GetRevision | DiffRevisions | RefreshPolicy | ListShadow
    | ReadJournal | ReadLine
)  # fmt: skip
"""What is asked of the policy alone."""

CatalogOperation = (
    CreateAsset | GetAsset | ListAssets | UpdateAsset | DeleteAsset | ListUnits
    | CreateWorkspace | GetWorkspace | ListWorkspaces | SuspendWorkspace | DeleteWorkspace
    | ListRoles | ListAccessRules | MyReach
)  # fmt: skip
"""What is done in the catalog."""

__all__ = [
    "Activation",
    "Answer",
    "Answers",
    "Asked",
    "ByNumber",
    "CatalogOperation",
    "Chosen",
    "Compared",
    "CreateAsset",
    "CreateWorkspace",
    "DeleteAsset",
    "DeleteWorkspace",
    "DiffRevisions",
    "Difference",
    "Entry",
    "Evaluate",
    "EvaluateMany",
    "GetAsset",
    "GetRevision",
    "GetWorkspace",
    "Inline",
    "Kept",
    "Kind",
    "Lines",
    "ListAccessRules",
    "ListAssets",
    "ListRoles",
    "ListShadow",
    "ListUnits",
    "ListWorkspaces",
    "MyReach",
    "Operation",
    "Page",
    "Part",
    "PermittedScopes",
    "PolicyHistory",
    "PolicyStatus",
    "PublishPolicy",
    "Reached",
    "ReadJournal",
    "ReadLine",
    "ReadMetrics",
    "RefreshPolicy",
    "Refused",
    "Rejudged",
    "Results",
    "RollBack",
    "Search",
    "Semantic",
    "Sought",
    "Standing",
    "SuspendWorkspace",
    "Unanswerable",
    "UpdateAsset",
    "Wanted",
    "Workers",
    "checked_message",
    "checked_name",
    "checked_scope",
    "kept_ids",
]
