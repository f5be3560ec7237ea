"""One request and its answer, within a deadline: the only file of the client that speaks HTTP."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import httpx

from remit.client.questions import Call, encoded
from remit.client.retries import is_tls, pause_after_answer, pause_after_failure
from remit.client.settings import Settings, checked_id, checked_revision, checked_token
from remit.client.strict import MAX_ANSWER, Answer, said
from remit.errors import CouldNotDecide

MAX_CONNECTIONS = 100
"""Connections of one client, all of them kept for the next request."""


class Exchange:
    """Speaks to one remit, over connections that are used again. It belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            verify=settings.tls,
            timeout=None,  # the deadline bounds all of it; a limit per step would only bound what is bounded
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
            follow_redirects=False,
            trust_env=False,
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "remit-client"},
        )

    async def close(self) -> None:
        """Close all connections; whatever is asked afterwards is refused."""
        await self._http.aclose()

    def deadline(self) -> float:
        """The instant until which a call that starts now has an answer, by the clock of the event loop."""
        return asyncio.get_running_loop().time() + self._settings.timeout

    async def ask(self, call: Call, until: float, request_id: str | None) -> Answer:
        """The whole answer, of any status. Whatever goes wrong, and `until` passing, raises CouldNotDecide."""
        try:
            async with asyncio.timeout_at(until):
                return await self._answered(call, until, request_id)
        except Exception as error:
            raise CouldNotDecide(self._sentence(error)) from error

    async def _answered(self, call: Call, until: float, request_id: str | None) -> Answer:
        """Send a request, again where that is safe, until there is an answer."""
        headers = await self._headers(request_id)
        url = self._settings.url + call.path
        request = self._http.build_request("POST", url, content=encoded(call.body), headers=headers)
        clock = asyncio.get_running_loop().time
        failures = waits = 0
        while True:
            try:
                answer = await self._once(request)
                pause = pause_after_answer(answer, waits, until - clock())
                waits += 1
                if pause is None:
                    return answer
            except httpx.TransportError as error:
                pause = pause_after_failure(error, failures, until - clock())
                failures += 1
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _once(self, request: httpx.Request) -> Answer:
        """Send a request and read its answer. Only a failure before the answer's head is a TransportError."""
        opened: list[Any] = []

        async def note(event: str, info: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                opened.append(info["return_value"])

        request.extensions["trace"] = note
        try:
            response = await self._http.send(request, stream=True)
        except asyncio.CancelledError:
            # httpx leaves the socket open if it is cancelled within the TLS handshake, and the event loop keeps it
            for link in opened:
                await link.aclose()
            raise
        self._http.cookies.clear()  # a decision depends on what is asked, not on what was answered before
        try:
            body = await _whole(response)
        except httpx.HTTPError as error:
            raise CouldNotDecide("remit ended its answer before it was whole") from error
        finally:
            await response.aclose()
        get = response.headers.get
        return Answer(
            response.status_code,
            body,
            get("content-type"),
            get("content-encoding"),
            get("remit-revision"),
            get("retry-after"),
        )

    async def _headers(self, request_id: str | None) -> dict[bytes, bytes]:
        """What is said beside the body: who asks, and the id of the request if it has one."""
        token, supply = self._settings.token, self._settings.request_id
        try:
            given = token() if callable(token) else token
            given = await given if inspect.isawaitable(given) else given
        except Exception as error:
            raise CouldNotDecide(f"there is no token to ask remit with: {type(error).__name__}") from error
        try:
            name = request_id if request_id is not None or supply is None else checked_id(supply())
        except Exception as error:
            raise CouldNotDecide(f"there is no id for the request: {type(error).__name__}") from error
        try:
            least = None if self._settings.min_revision is None else checked_revision(self._settings.min_revision())
        except Exception as error:
            raise CouldNotDecide(f"there is no least revision: {type(error).__name__}") from error
        headers = {} if name is None else {b"x-request-id": name.encode()}
        headers |= {} if least is None else {b"remit-min-revision": least.encode()}
        bearer = checked_token(given, CouldNotDecide).encode()
        return {**headers, b"content-type": b"application/json", b"authorization": b"Bearer " + bearer}

    def _sentence(self, error: Exception) -> str:
        """What went wrong, for a person; never with anything of the request, which holds the token."""
        match error:
            case CouldNotDecide():
                return str(error)
            case TimeoutError():
                return f"remit did not answer within {self._settings.timeout:g} s"
            case RuntimeError() if self._http.is_closed:
                return "the client is closed"
            case httpx.NetworkError() if is_tls(error):
                return f"the connection to `{self._settings.url}` is not to be trusted: {said(str(error))}"
            case httpx.ConnectError():
                return f"remit cannot be reached at `{self._settings.url}`: {said(str(error)) or 'no reason given'}"
            case httpx.NetworkError() | httpx.RemoteProtocolError():
                return f"remit closed the connection, or answered with something that is not HTTP: {said(str(error))}"
            case _:
                return f"remit could not be asked: {type(error).__name__}"


async def _whole(response: httpx.Response) -> bytes:
    """The body as it came over the wire, of bounded size. Packed ones are left packed: unpacked, they have any size."""
    announced = response.headers.get("content-length", "")
    too_large = CouldNotDecide(f"remit answered with more than {MAX_ANSWER:,} bytes")
    if announced.isdigit() and int(announced[:18]) > MAX_ANSWER:
        raise too_large
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > MAX_ANSWER:
            raise too_large
    return bytes(body)
