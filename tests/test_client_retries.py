"""Proves what is tried again, how often and when; and that the deadline and cancellation hold whatever happens."""

from __future__ import annotations

import asyncio
import contextvars
import os
import socket
import struct
import threading
import time
from typing import Any

import httpx
import pytest

from remit.client import AsyncRemitClient, Question, RemitClient
from remit.client.retries import PAUSE, pause_after_answer, pause_after_failure
from remit.client.strict import Answer
from test_client_servers import (
    EVALUATE,
    FACES,
    PATIENCE,
    QUESTION,
    TOKEN,
    Asked,
    Behaviour,
    answer,
    answers,
    ask,
    behaving,
    http,
    http_json,
    saying,
    took,
)

faces = pytest.mark.parametrize("face", FACES)


def closing(times: int, after: int = 0) -> Behaviour:
    """Answers `after` requests, then closes the connection instead of an answer so many times, then answers again."""

    def behave(link: socket.socket, asked: Asked) -> None:
        if after < asked.number <= after + times:
            link.shutdown(socket.SHUT_RDWR)
            link.close()
        else:
            link.sendall(http())

    return behave


@faces
@pytest.mark.parametrize(("times", "allowed", "asked"), [(1, True, 2), (2, True, 3), (3, False, 3), (9, False, 3)])
def test_a_closed_connection_is_tried_again_at_most_twice(face: str, times: int, allowed: bool, asked: int) -> None:
    with behaving(closing(times)) as server:
        verdict = answer(face, server.url)
        assert (verdict.allowed, verdict.decided, len(server.asked)) == (allowed, allowed, asked)


@faces
def test_a_connection_that_was_idle_for_too_long_is_made_anew(face: str) -> None:
    with behaving(closing(1, after=2)) as server:
        assert answers(face, server.url, *4 * [ask("allowed", *QUESTION)]) == 4 * [True]
        assert [asked.connection for asked in server.asked] == [1, 1, 1, 2, 2]


@faces
def test_a_connection_that_was_closed_meanwhile_costs_nothing(face: str) -> None:
    def behave(link: socket.socket, asked: Asked) -> None:
        link.sendall(http())
        link.close()

    with behaving(behave) as server:
        assert answers(face, server.url, *4 * [ask("allowed", *QUESTION)]) == 4 * [True]
        assert len(server.asked) == 4


@faces
def test_a_connection_that_cannot_be_made_is_tried_again_after_pauses(face: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    begin = time.monotonic()
    verdict = answer(face, f"http://127.0.0.1:{port}")
    assert not verdict.decided
    assert time.monotonic() - begin > 1.5 * PAUSE, "two pauses of half their length at least"


@faces
@pytest.mark.parametrize("status", [b"429 Too Many", b"503 Unavailable"])
def test_a_busy_server_is_asked_again_once_when_it_says(face: str, status: bytes) -> None:
    busy = http(b"{}", status, b"retry-after: 1")
    with saying(busy, http()) as server:
        begin = time.monotonic()
        assert answer(face, server.url).allowed
        assert time.monotonic() - begin > 0.9
        assert len(server.asked) == 2
    with saying(busy.replace(b": 1", b": 0")) as server:
        assert answer(face, server.url).why.startswith(f"remit answered {status[:3].decode()}")
        assert len(server.asked) == 2


@faces
@pytest.mark.parametrize(
    "busy",
    [
        http(b"{}", b"503 Unavailable"),
        http(b"{}", b"503 Unavailable", b"retry-after: 10"),
        http(b"{}", b"503 Unavailable", b"retry-after: 99999999999999999999"),
        http(b"{}", b"503 Unavailable", b"retry-after: -1"),
        http(b"{}", b"503 Unavailable", b"retry-after: 0.1"),
        http(b"{}", b"503 Unavailable", b"retry-after: soon"),
        http(b"{}", b"503 Unavailable", "retry-after: ²".encode()),
        http(b"{}", b"503 Unavailable", b"retry-after: 0", b"retry-after: 0"),
        http(b"{}", b"500 Error", b"retry-after: 0"),
        http(b"{}", b"502 Bad Gateway", b"retry-after: 0"),
        http(b"{}", b"408 Timeout", b"retry-after: 0"),
        http(b"no", b"200 OK", b"retry-after: 0"),
        http(b"no", b"200 OK", b"content-type: text/html"),
        b"no HTTP\r\n\r\n",
        http(length=99)[:-10],
    ],
    ids=range(15),
)
def test_nothing_else_is_tried_again(face: str, busy: bytes) -> None:
    def behave(link: socket.socket, asked: Asked) -> None:
        link.sendall(busy)
        link.shutdown(socket.SHUT_RDWR)

    with behaving(behave) as server, took(2):
        verdict = answer(face, server.url, timeout=5.0)
        assert (verdict.allowed, verdict.decided, len(server.asked)) == (False, False, 1)


@faces
def test_an_answer_that_had_begun_is_not_asked_for_again(face: str) -> None:
    def behave(link: socket.socket, asked: Asked) -> None:
        link.sendall(http(length=99))
        time.sleep(0.1)  # the reset would overtake what was sent
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()

    with behaving(behave) as server:
        assert answer(face, server.url).why == "remit ended its answer before it was whole"
        assert len(server.asked) == 1


@faces
def test_a_retry_has_no_more_time_than_the_call(face: str) -> None:
    with behaving(closing(1)) as server:
        assert not answer(face, server.url, timeout=PAUSE / 2 - 0.001).allowed
        time.sleep(0.1)
        assert len(server.asked) <= 1

    def slow(link: socket.socket, asked: Asked) -> None:
        if asked.number == 1:
            link.close()

    with behaving(slow) as server, took(1):
        assert answer(face, server.url, timeout=1).why == "remit did not answer within 1 s"
        assert len(server.asked) == 2


def test_pauses_grow_and_differ() -> None:
    lost = httpx.ReadError("")
    first = [pause_after_failure(lost, 0, 9.0) or 0 for _ in range(200)]
    second = [pause_after_failure(lost, 1, 9.0) or 0 for _ in range(200)]
    assert PAUSE * 0.5 <= min(first) < max(first) <= PAUSE * 1.5
    assert PAUSE <= min(second) < max(second) <= PAUSE * 3
    assert pause_after_failure(lost, 2, 9.0) is None
    assert pause_after_failure(lost, 0, PAUSE / 2) is None
    assert pause_after_failure(httpx.ReadTimeout(""), 0, 9.0) is None
    assert pause_after_failure(httpx.RemoteProtocolError("illegal status line"), 0, 9.0) is None
    assert pause_after_answer(Answer(503, b"", retry_after="3"), 0, 3.5) == 3.0
    assert pause_after_answer(Answer(503, b"", retry_after="3"), 0, 3.0) is None
    assert pause_after_answer(Answer(503, b"", retry_after="3"), 1, 3.5) is None


def test_a_token_may_be_awaited_and_has_no_more_time_than_the_call() -> None:
    async def token() -> str:
        await asyncio.sleep(0)
        return "awaited"

    async def late() -> str:
        await asyncio.sleep(PATIENCE)
        return "late"

    with saying(http()) as server, took(0.2):
        assert answer("async", server.url, token=token).allowed
        assert server.asked[0].header("authorization") == "Bearer awaited"
        assert answer("async", server.url, token=late, timeout=0.2).why == "remit did not answer within 0.2 s"
        assert len(server.asked) == 1


def test_a_token_in_a_thread_has_no_more_time_than_the_call_and_the_callers_context() -> None:
    context: contextvars.ContextVar[str] = contextvars.ContextVar("context")
    context.set("in-context")
    over = threading.Event()
    with saying(http()) as server:
        assert answer("sync", server.url, token=context.get).allowed
        assert server.asked[0].header("authorization") == "Bearer in-context"
        with took(0.5):
            verdict = answer("sync", server.url, token=lambda: str(over.wait(PATIENCE)), timeout=0.2)
        over.set()
    assert verdict.why == "remit did not answer within 0.2 s"


def test_a_thread_that_is_stuck_does_not_hold_its_caller() -> None:
    over = threading.Event()
    with saying(http()) as server:
        with took(0.7):
            verdict = answer("sync", server.url, timeout=0.2, request_id=lambda: str(over.wait(PATIENCE)))
        over.set()
    assert (verdict.allowed, verdict.decided, verdict.why) == (False, False, "remit did not answer within 0.2 s")


def test_a_cancelled_task_is_cancelled_and_not_refused() -> None:
    async def main() -> None:
        async with AsyncRemitClient(server.url, token=TOKEN, timeout=PATIENCE) as client:
            task = asyncio.create_task(client.evaluate(*QUESTION))
            while not server.asked:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.evaluate_many([Question(*QUESTION)])

    with behaving(lambda link, asked: None) as server, took(1):
        asyncio.run(main())


@faces
def test_timeouts_leave_no_connection_behind(face: str) -> None:
    def behave(link: socket.socket, asked: Asked) -> None:
        if b"last" in asked.body:
            link.sendall(http())

    async def main(url: str) -> list[bool]:
        async with AsyncRemitClient(url, token=TOKEN, timeout=2) as client:
            found = await asyncio.gather(*(client.allowed(*QUESTION) for _ in range(150)))
            return [*found, await client.allowed("user:last", "use", "kind")]

    with behaving(behave) as server:
        if face == "async":
            assert asyncio.run(main(server.url)) == 150 * [False] + [True]
        else:
            with RemitClient(server.url, token=TOKEN, timeout=0.02) as client:
                assert not any(client.allowed(*QUESTION) for _ in range(110))
            assert answer(face, server.url, ask("allowed", "user:last", "use", "kind"))


def test_threads_share_a_client() -> None:
    verdicts: list[bool] = []
    with saying(http()) as server, RemitClient(server.url, token=TOKEN, timeout=PATIENCE) as client:
        threads = [
            threading.Thread(target=lambda: verdicts.extend(client.allowed(*QUESTION) for _ in range(10)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert verdicts == 80 * [True]
        assert server.connections <= 8


@faces
def test_a_closed_client_refuses(face: str) -> None:
    async def main(url: str) -> Any:
        client = AsyncRemitClient(url, token=TOKEN, timeout=PATIENCE)
        assert await client.allowed(*QUESTION)
        await client.aclose()
        await client.aclose()
        return await client.evaluate(*QUESTION), await client.evaluate_many([Question(*QUESTION)])

    with saying(http()) as server:
        if face == "async":
            verdict, many = asyncio.run(main(server.url))
        else:
            client = RemitClient(server.url, token=TOKEN, timeout=PATIENCE)
            assert client.allowed(*QUESTION)
            client.close()
            client.close()
            verdict, many = client.evaluate(*QUESTION), client.evaluate_many([Question(*QUESTION)])
    assert verdict.why == "the client is closed"
    assert [(one.allowed, one.decided) for one in (verdict, *many)] == 2 * [(False, False)]


def test_who_waits_while_the_client_is_closed_is_refused() -> None:
    with behaving(lambda link, asked: None) as server, took(1):
        client = RemitClient(server.url, token=TOKEN, timeout=PATIENCE)
        threading.Timer(0.2, client.close).start()
        verdict = client.evaluate(*QUESTION)
        assert (verdict.allowed, verdict.decided) == (False, False)


def test_a_client_that_is_forgotten_ends_its_thread() -> None:
    before = set(threading.enumerate())
    with saying(http()) as server:
        client = RemitClient(server.url, token=TOKEN, timeout=PATIENCE)
        assert client.allowed(*QUESTION)
        (own,) = [one for one in set(threading.enumerate()) - before if one.name == "remit-client"]
        del client
        own.join(PATIENCE)
        assert not own.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_after_a_fork_both_sides_ask_on_their_own() -> None:
    with saying(http()) as server, RemitClient(server.url, token=TOKEN, timeout=PATIENCE) as client:
        assert client.allowed(*QUESTION)
        child = os.fork()
        if child == 0:
            try:
                os._exit(7 if client.allowed(*QUESTION) and client.allowed(*QUESTION) else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert client.allowed(*QUESTION)
        assert [asked.connection for asked in server.asked] == [1, 2, 2, 1]


@faces
def test_no_decision_is_told_to_the_log(face: str, caplog: pytest.LogCaptureFixture) -> None:
    with saying(http(b"{}", b"500 Error")) as server:
        answers(face, server.url, EVALUATE, ask("evaluate_many", [Question(*QUESTION)]))
    assert [record.getMessage() for record in caplog.records if record.name == "remit.client"] == 2 * [
        "no decision: remit answered 500"
    ]


@faces
def test_a_deny_is_not_told_to_the_log(face: str, caplog: pytest.LogCaptureFixture) -> None:
    with saying(http_json({"decision": False})) as server:
        answer(face, server.url)
    assert not [record for record in caplog.records if record.name == "remit.client"]
