"""HTTP/1.1 with bounds, over a whole connection."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from remit.serving.heads import LARGE, MAX_HEAD, HeadProtocol
from remit.serving.writing import Flow, last_answer, leave, lines_of

REQUEST_SECONDS = 5.0
"""How long a request may take to arrive, from the connection or from its first byte on."""

TAKE_SECONDS = 10.0
"""How long a caller may leave answers untaken, once they pile up or the connection is to be closed."""

_log = logging.getLogger("uvicorn.error.remit")
_log.addFilter(lambda record: record.levelno >= logging.ERROR)  # not a warning for each malformed request


class BoundedProtocol(HeadProtocol):
    """HTTP/1.1 with bounds: on the size of a request beside its body, on the time until a request is whole, on the
    time until an answer is taken, and on the requests that wait. What is no plain HTTP/1.1 ends its connection."""

    seconds = REQUEST_SECONDS
    take_seconds = TAKE_SECONDS
    __slots__ = ("_counted", "_large", "_over", "_received", "_taking", "_timer")

    def connection_made(self, transport: Any) -> None:
        """A caller connects: a request is due."""
        super().connection_made(transport)
        self.flow = Flow(transport, self.pipeline)
        self.logger = _log
        self._over = False  # once a request has been refused, nothing that follows it is read
        self._received = self._counted = 0
        self._taking: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = self.loop.call_later(self.seconds, self._late)

    def on_message_begin(self) -> None:
        """A request begins: its scope offers the short way out."""
        super().on_message_begin()
        self.scope["remit.answer"] = self.answer  # type: ignore[typeddict-unknown-key]
        self.in_head, self.may_be_large = True, self._large
        self._counted = self._received

    def on_chunk_header(self) -> None:
        """A chunk begins: its size and its two line ends count as body, its extensions do not."""
        self._counted += 5

    def on_body(self, body: bytes) -> None:
        """Some of a body, the bounds of which are the application's business."""
        self._counted += len(body)
        super().on_body(body)

    def answer(self, scope: Any, top: bytes, body: bytes) -> bool:
        """Send a whole answer in one write: `top` is its first line and headers, `body` what follows the blank line.

        False, and nothing sent, where the long way is due: another request is before it, its connection closes, or
        those before it have not been taken yet.
        """
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        if self.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        self.transport.write(top + lines_of(cycle.default_headers) + body)
        cycle.message_event.set()
        cycle.on_response()
        return True

    def data_received(self, data: bytes) -> None:
        """Some bytes. Only where they leave a request unfinished need its bounds be watched."""
        if self._over:
            return
        size = len(data)
        self._received += size
        self._large = size > MAX_HEAD
        super().data_received(data)
        if self.in_head or self.cycle.more_body:
            self._watch()
        elif self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self) -> None:
        """Bound what is unfinished. Of the read that a request began in only its url and headers count: what came
        before them is not its own."""
        if self._over:
            return
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._late)
        if self.scope is None:
            return
        self.may_be_large = True
        if self.in_head and self.too_large():
            self._end(431, LARGE)
        elif self._received - self._counted > MAX_HEAD:
            self._end(431, LARGE if self.in_head else "the chunk extensions and trailers are too large")

    def pause_writing(self) -> None:
        """Answers pile up: they are to be taken soon."""
        super().pause_writing()
        self._bound_taking()

    def resume_writing(self) -> None:
        """Answers were taken."""
        super().resume_writing()
        if self._taking is not None and not self.transport.is_closing():
            self._taking.cancel()
            self._taking = None

    def on_response_complete(self) -> None:
        """An answer is written. If it was the last, it is to be taken soon: closing waits for that."""
        if self.pipeline:
            self.active = self.pipeline[-1][0]
            if self._timer is not None:  # what is unfinished could not be read meanwhile: its time begins anew
                self._timer.cancel()
                self._timer = self.loop.call_later(self.seconds, self._late)
        super().on_response_complete()
        if self.transport.is_closing():
            self._bound_taking()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked."""
        self._close()

    def _close(self) -> None:
        """Close once what was written is taken."""
        self.transport.close()
        self._bound_taking()

    def _bound_taking(self) -> None:
        if self._taking is None:
            self._taking = self.loop.call_later(self.take_seconds, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone. uvicorn tells only the last request; the one being answered need not be that."""
        for timer in (self._timer, self._taking):
            if timer is not None:
                timer.cancel()
        if self.active is not None:
            leave(self.active)
        super().connection_lost(exc)

    def _late(self) -> None:
        """The time for a request is over; a connection on which none was begun is closed without a word."""
        self._timer = None
        if self.scope is None:
            self._close()
        elif self.pipeline:  # it is the server that does not read
            self._watch()
        else:
            self._end(408, "the request did not arrive in time")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """The parser stopped."""
        self._end(*self.fault or (400, "the request is not well-formed HTTP/1.1"))

    def _end(self, status: int, message: str) -> None:
        """Say what is wrong, with the request's id if it came, unless it is answered already; and close. If others
        are to be answered before it, the last of those closes, and it gets no answer."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        current = not self.in_head  # then its body is wrong or missing, and `cycle` is its own
        before: RequestResponseCycle | None = None if current else self.cycle
        if current and self.pipeline:
            self.pipeline.popleft()
            before = self.pipeline[0][0] if self.pipeline else self.active
        if before is not None and not before.response_complete:
            before.keep_alive = False
            return
        if not self.transport.is_closing() and not (current and self.cycle.response_started):
            self.transport.write(last_answer(status, message, self.headers or [], self.server_state.default_headers))
        if current:
            leave(self.cycle)
        self._close()
