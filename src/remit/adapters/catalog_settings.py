"""How the catalog is configured: environment to settings, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CatalogSettings(NamedTuple):
    """The catalog's part of a configuration; without `here` there is none in this process.

    `database_url` is None for SQLite in the state directory, `credentials_keys` empty for a key made from its secret,
    `kubernetes` None for no cluster. `pdp` is the address of the decision point that is asked, the token to ask it
    with, and whether that may go over plain HTTP; None if this process decides itself.
    """

    here: bool
    database_url: str | None
    credentials_keys: tuple[str, ...]
    kubernetes: str | None
    pdp: tuple[str, str, bool] | None


def catalog_settings(environment: Mapping[str, str], faults: list[str]) -> CatalogSettings:
    """What the catalog needs; whatever is wrong is added to `faults`."""
    url, token = environment.get("REMIT_PDP_URL", "").strip(), environment.get("REMIT_PDP_TOKEN", "").strip()
    if bool(url) != bool(token):
        faults.append("`REMIT_PDP_URL` and `REMIT_PDP_TOKEN` go together; one of them is missing")
    plaintext = environment.get("REMIT_PDP_PLAINTEXT", "no").strip()
    if plaintext not in ("yes", "no"):
        faults.append(f"`REMIT_PDP_PLAINTEXT` is `{plaintext}`; it is `yes` (the network is trusted) or `no`")
    keys = environment.get("REMIT_CREDENTIALS_KEY", "").replace(",", " ").split()
    here = environment.get("REMIT_CATALOG", "on").strip()
    if here not in ("on", "off"):
        faults.append(f"`REMIT_CATALOG` is `{here}`; it is `on` or `off`")
    if here == "off" and url:
        faults.append("`REMIT_CATALOG=off` and `REMIT_PDP_URL` leave nothing to serve; take one of them out")
    return CatalogSettings(
        here == "on",
        environment.get("REMIT_DATABASE_URL", "").strip() or None,
        tuple(keys),
        environment.get("REMIT_KUBERNETES", "").strip() or None,
        (url, token, plaintext == "yes") if url and token else None,
    )
