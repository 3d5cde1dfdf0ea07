"""What is behind an error of Twisted's HTTP client, which wraps it once or more."""

from __future__ import annotations

from twisted.web.client import RequestTransmissionFailed, ResponseFailed


def root(problem: BaseException) -> BaseException:
    """The first reason of the innermost wrapper; the problem itself where it wraps nothing."""
    while isinstance(problem, (ResponseFailed, RequestTransmissionFailed)) and problem.reasons:
        problem = problem.reasons[0].value
    return problem
