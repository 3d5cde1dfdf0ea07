"""A network of one's own for the benchmarks: loopback and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import sys

from benchmarks.programs import NAMED_BY, peer_python

TOOLS = {"gcc": "gcc", "nft": "nftables", "taskset": "util-linux", "ip": "iproute2"}
_MARK = "MOTHER_BENCHMARKS_APART"
_INSIDE = 'ip link set lo up && exec "$@"'


def apart(module: str, *peers: str) -> None:
    """Start this module anew in a network namespace, unless that is where it runs.

    There port 80 is free, packet filter rules touch nobody, and no packet leaves. Says what
    the machine lacks, all at once, and exits. `peers` are installed before: inside nothing is.
    """
    if os.environ.get(_MARK):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended too
        return
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        sys.exit(f"The benchmarks need more tools: apt-get install {' '.join(missing)}")
    if os.geteuid() != 0:
        sys.exit("The benchmarks need root, for a network namespace and packet filter rules.")
    pythons = {NAMED_BY[peer]: peer_python(peer) for peer in peers}
    environment = {**os.environ, _MARK: "1", **pythons}
    inside = ["sh", "-c", _INSIDE, "sh", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvpe("unshare", ["unshare", "--net", *inside], environment)
