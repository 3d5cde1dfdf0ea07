"""`python -m benchmarks`: measure everything and write the table into docs/benchmarks.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import polls, scan, sweep
from benchmarks.apart import apart
from benchmarks.programs import PEER
from benchmarks.results import show, write

apart("benchmarks", PEER)
with tempfile.TemporaryDirectory() as scratch:
    rows = [row for measured in (scan, polls, sweep) for row in measured.measure(Path(scratch))]
write(rows)
sys.exit(show(rows))
