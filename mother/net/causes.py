"""What is behind an error of Twisted's HTTP client, which wraps it once or more; and in words."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import defer, error
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import RequestTransmissionFailed, ResponseFailed
from twisted.web.http import PotentialDataLoss

T = TypeVar("T")

_WORDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((error.DNSLookupError,), "its name cannot be resolved"),
    ((error.ConnectionRefusedError,), "it refuses the connection"),
    ((error.TimeoutError, defer.TimeoutError, TimeoutError), "it does not answer in time"),
    ((VerificationError,), "its certificate is for another name"),
    ((error.ConnectionClosed,), "it cut the connection before {} was whole"),
    ((PotentialDataLoss,), "it does not say how long {} is"),
    ((error.ConnectError,), "it cannot be reached"),
)


def root(problem: BaseException) -> BaseException:
    """The first reason of the innermost wrapper; the problem itself where it wraps nothing."""
    while isinstance(problem, (ResponseFailed, RequestTransmissionFailed)) and problem.reasons:
        problem = problem.reasons[0].value
    return problem


def words(problem: BaseException, what: str) -> str:
    """What went wrong, without the address; `what` should have come: `the file`."""
    for kinds, found in _WORDS:
        if isinstance(problem, kinds):
            return found.format(what)
    if isinstance(problem, SSL.Error):
        said = [str(each[-1]) for each in problem.args[0]] if problem.args else []
        return f"no trusted connection ({', '.join(said) or 'TLS'})"
    return f"this is no HTTP ({type(problem).__name__})"


def late(result: Any, _: float) -> Any:
    """A deadline passed: Twisted's client hides the cancellation in errors of its own."""
    return Failure(defer.TimeoutError()) if isinstance(result, Failure) else result


async def within(seconds: float, clock: IReactorTime, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; twisted's TimeoutError where that takes longer.

    What it raises is the root of it: CancelledError where we were cancelled, which Twisted's
    client hides. The text of any other may hold the address.
    """
    whole = Deferred.fromCoroutine(work)
    whole.addTimeout(seconds, clock, late)
    try:
        return await whole
    except Exception as problem:
        raise root(problem) from None
