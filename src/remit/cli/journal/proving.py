"""`journal prove` and `journal check-proof`: one line shown to somebody who has nothing but a public key."""

from __future__ import annotations

import json
import re
from typing import Annotated

import typer

from remit.cli.exits import Exit
from remit.cli.house import House
from remit.cli.journal.places import JournalDir, journal_in
from remit.cli.journal.verifying import keys_of
from remit.cli.options import STATE, Format, Formatted, State
from remit.cli.render import safe
from remit.cli.screen import Screen
from remit.core.journal.chain import link_of
from remit.core.journal.proofs import proof_of, proven
from remit.errors import JournalDamaged, RequestInvalid

Id = Annotated[str, typer.Argument(metavar="ID", help="The line: `WRITER-NUMBER`, as `remit journal show` names it.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="The proof; `-` reads the standard input.")]
Keys = Annotated[
    list[str], typer.Option("--key", metavar="VKEY", help="The journal's public key (`remit journal key`); repeatable.")
]
_ID = re.compile(r"([a-z0-9]{4,32})-([1-9][0-9]{0,17})", re.ASCII)


def add_proving(app: typer.Typer, house: House) -> None:
    """`prove` and `check-proof`."""

    @app.command()
    def prove(id: Id, state: State = STATE, journal: JournalDir = None) -> None:
        """Print a proof that a line is in the journal, with the line (c2sp.org/tlog-proof)."""
        named = _ID.fullmatch(id)
        if named is None:
            raise RequestInvalid(f"`{id}` names no line; it reads `WRITER-NUMBER`")
        found = house.proof(state, journal_in(state, journal), named[1], int(named[2]))
        Screen().hand_over(found.text)

    @app.command("check-proof")
    def check_proof(file: File, key: Keys, format: Formatted = Format.TEXT) -> None:
        """Check such a proof, offline, and print the line that it proves."""
        keys = keys_of(key)
        try:
            proof = proof_of(house.document(file))
            line, size = proven(proof, keys, house.signature_holds)
        except JournalDamaged as error:
            Screen().complain([f"remit: not proven: {safe(str(error))}"])
            raise typer.Exit(Exit.BROKEN) from None
        link, text = link_of(line), line.decode(errors="replace")
        assert link is not None
        if format is Format.JSON:
            Screen().show([json.dumps({"id": f"{link.writer}-{link.seq}", "line": text, "signed": size})])
            return
        Screen().show([safe(text)])
        Screen().complain([f"proven: line {link.seq} of `{link.writer}` is in what was signed"])
