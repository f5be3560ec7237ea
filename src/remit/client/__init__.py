"""What another service imports to ask remit: two clients, sync and async, that fail closed.

An error of any kind is a refusal, never an allow: `allowed` is then False, and `Verdict.decided` tells an error from a
deny. What answers with more than yes or no (the searches, `permitted_scopes`) raises `remit.errors.CouldNotDecide`
instead, since part of a list must never pass for the whole.

    questions, strict, answers, paging, retries    pure: what is sent, what an answer means, what is tried again
    settings             what a client is set up with, checked
    exchange             one request and its answer, within a deadline: the only file that speaks HTTP
    asking               the operations, once for both clients
    asynchronous         the client for asyncio
    synchronous, worker  the client for everyone else: the same exchange, in a thread
    fastapi              the dependency; only who imports it needs FastAPI
"""

from remit.client.answers import PermittedScopes, Verdict
from remit.client.asynchronous import AsyncRemitClient
from remit.client.questions import Question
from remit.client.synchronous import RemitClient

__all__ = ["AsyncRemitClient", "PermittedScopes", "Question", "RemitClient", "Verdict"]
