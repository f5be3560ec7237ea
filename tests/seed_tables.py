"""The seed's tables, copied out by hand in the seed's own words and order. Nothing here is read from a policy.

Three questions are answered there: who can create, who can use and who can view an asset. What follows from
them (editing, deleting, looking after workloads) is derived at the end, and nowhere else in the tests.
"""

from __future__ import annotations

CREATE = {
    "Environment": (
        "Department administrator",
        "Editor",
        "Environment administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
    "Data source": (
        "Department administrator",
        "Editor",
        "Data source administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
    "Compute resource": (
        "Department administrator",
        "Editor",
        "Compute resource administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
    "Credentials": (
        "Department administrator",
        "Editor",
        "Credentials administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
}
"""Who can create an asset? Workload asset to roles: 24 pairs."""

USE = (
    "Department administrator",
    "Editor",
    "L1 researcher",
    "L2 researcher",
    "ML engineer",
    "System administrator",
)
"""Who can use an asset? Those who can create what the seed's one row calls "Workload or Inference": 6 roles."""

VIEW = {
    "Environment": (
        "Compute resource administrator",
        "Department administrator",
        "Editor",
        "Environment administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
    "Data source": (
        "Department administrator",
        "Editor",
        "Data source administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
    "Compute resource": (
        "Department administrator",
        "Editor",
        "Compute resource administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
    "Credentials": (
        "Department administrator",
        "Editor",
        "Credentials administrator",
        "L1 researcher",
        "Research manager",
        "System administrator",
    ),
}
"""Who can view an asset? Workload asset to roles: 25 pairs, environments having one viewer more than the rest."""

ROLES = (
    "Department administrator",
    "Editor",
    "Environment administrator",
    "Data source administrator",
    "Compute resource administrator",
    "Credentials administrator",
    "L1 researcher",
    "L2 researcher",
    "ML engineer",
    "Research manager",
    "System administrator",
)
"""Every role the seed names: 11."""

ASSETS = ("Environment", "Data source", "Compute resource", "Credentials")
WORKLOADS = ("Workload", "Inference")
ACTIONS = ("create", "view", "use", "edit", "delete")


def written(name: str) -> str:
    """A name of the seed as the policy writes it: `L1 researcher` is `l1-researcher`."""
    return name.lower().replace(" ", "-")


def may(role: str, action: str, thing: str) -> bool | None:
    """May this role do this to an asset or a workload, as far as the tables go? None: it cannot even be said.

    Not in the seed: editing and deleting follow creating, and viewing a workload follows creating it.
    """
    if thing in WORKLOADS:
        return None if action == "use" else role in USE
    if action == "use":
        return role in USE
    return role in (VIEW if action == "view" else CREATE)[thing]
