"""One transaction of the database: begun when needed, and void as a whole once anything in it failed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import ARRAY, BigInteger, Connection, Engine, Executable, Row, Select, Table, func, literal, select
from sqlalchemy.exc import SQLAlchemyError

from remit.adapters.db.engine import BEGIN, WRITING
from remit.adapters.db.faults import is_taken, out_of_reach, reaching
from remit.errors import Conflict

log = logging.getLogger("remit.adapters")

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@contextmanager
def transaction(engine: Engine, write: bool) -> Iterator[Transaction]:
    """A transaction: committed when its block is left in peace, undone when it raises or anything in it failed.

    Raises CouldNotDecide if the database is out of reach, and whatever failed before if the block kept that to itself.
    """
    with reaching():
        connection = engine.connect()
    found = Transaction(connection, write)
    try:
        found.begin()
        yield found
        found.commit()
    finally:
        found.close()


class Transaction:
    """One that does not write sees everything as it was at its first look, and locks nothing.

    One that writes sees all that was committed before each look, and what it wrote: PostgreSQL's READ COMMITTED. SQLite
    would rather keep the state of the first look, and then refuse to write if it is not the last one any more; so there
    what only looked so far ends, and begins anew, when it is to write.
    """

    def __init__(self, connection: Connection, write: bool) -> None:
        self.dialect = connection.dialect.name
        self._connection = connection
        self._may_write = write
        self._begun_to_write = self.dialect != "sqlite"
        self._fault: BaseException | None = None

    def begin(self) -> None:
        """Say what sort of transaction it is; nothing is sent before the first statement."""
        if self.dialect == "postgresql" and not self._may_write:
            with self.guarded():
                self._connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def read(self, statement: Executable) -> Sequence[Row[Any]]:
        """The rows that a statement finds."""
        with self.guarded():
            return self._connection.execute(statement).all()

    def hold(self, statement: Select[Any], table: Table) -> Sequence[Row[Any]]:
        """The rows of a table that a statement finds, locked in its order (on SQLite: the database, beforehand); only
        read in a transaction that does not write."""
        with self.guarded():
            if self._may_write:
                self._begin_to_write()
                statement = statement.with_for_update(of=table)
            return self._connection.execute(statement).all()

    def write(self, statement: Executable, values: Values | None = None, taken: str = "") -> int:
        """How many rows a statement wrote. Raises Conflict that says `taken` if there is a row in its way, RuntimeError
        in a transaction that does not write."""
        with self.guarded(taken):
            self._begin_to_write()
            return self._connection.execute(statement, values).rowcount

    def added(self, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> Sequence[Row[Any]]:
        """What a statement that adds rows gives back. Raises RuntimeError in a transaction that does not write."""
        with self.guarded():
            self._begin_to_write()
            return self._connection.execute(statement, rows).all()

    def claim(self, names: Collection[tuple[str, ...]]) -> None:
        """Have names to oneself until the end: on SQLite by being the one who writes, on PostgreSQL by locks on numbers
        made of them. Two names may share a number; then one waits in vain, and no more."""
        with self.guarded():
            self._begin_to_write()
            if self.dialect == "postgresql":
                numbers = literal(sorted({_number_of(name) for name in names}), ARRAY(BigInteger))
                each = func.unnest(numbers).column_valued("number")  # one after another, in the order of the array
                self._connection.execute(select(func.pg_advisory_xact_lock(each)))
            elif not self._connection.in_transaction():
                self._connection.begin()  # at once: without this, the next statement would

    def void(self, fault: Exception) -> NoReturn:
        """Let nothing of this transaction happen, and raise why."""
        with self.guarded():
            raise fault

    def commit(self) -> None:
        """Make everything happen; raises what failed before, if anything did."""
        with self.guarded():
            self._connection.commit()

    def close(self) -> None:
        """Undo what was not committed, and give the connection back."""
        try:
            self._connection.close()
        except SQLAlchemyError as error:
            # The connection broke: the database itself undoes what it was for. The reason to leave is another one.
            log.warning("the database: %s on the way out", type(error).__name__)
            if not self._connection.closed:
                self._connection.invalidate()
                self._connection.close()

    @contextmanager
    def guarded(self, taken: str = "") -> Iterator[None]:
        """Whatever fails in the block voids the transaction; what failed before is raised instead of going on."""
        if self._fault is not None:
            raise self._fault
        try:
            yield
        except BaseException as error:
            self._fault = Conflict(taken) if taken and is_taken(error) else out_of_reach(error) or error
            if self._fault is error:
                raise
            raise self._fault from None

    def _begin_to_write(self) -> None:
        if not self._may_write:
            raise RuntimeError("this work on the catalog was said not to write")
        if not self._begun_to_write:
            self._connection.rollback()
            self._connection.execution_options(**{BEGIN: WRITING})
            self._begun_to_write = True


def _number_of(name: tuple[str, ...]) -> int:
    """A number of 64 bits that PostgreSQL can lock, the same for a name in every process."""
    digest = hashlib.sha256("\0".join(("remit", *name)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
