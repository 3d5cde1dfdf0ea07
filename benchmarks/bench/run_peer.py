"""mother-of-dragons 0.2.8 with the one line it needs on a modern gevent, whose `signal` moved."""

import sys

import gevent  # type: ignore[import-untyped]  # lives in the peer's own environment

sys.argv = ["mother-of-dragons", "-c", sys.argv[1]]

from mother_of_dragons.main import main  # type: ignore[import-not-found]  # noqa: E402  # as above

gevent.signal = gevent.signal_handler
main()
