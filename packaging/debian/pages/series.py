"""What the package depends on: the series of Python that made its environment, and no other."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    major, minor = sys.version_info[:2]
    print(f"python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1})")
