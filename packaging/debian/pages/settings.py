"""The package's /etc/mother/mother.toml: every option explained, none of them set.

What is not set follows the defaults, also those of the next version.
"""

from __future__ import annotations

import re

from mother.config.sample import print_toml

_SETTING = re.compile(r"^(?=[a-z_]+ = )", re.MULTILINE)


def settings() -> str:
    """`mother --print-config-toml` with every setting switched off."""
    return _SETTING.sub("#", print_toml())


if __name__ == "__main__":
    print(settings(), end="")
