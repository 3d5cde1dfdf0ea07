"""Loads a configuration from flags, environment and a file's text, as the program would."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mother.config.flags import build_parser
from mother.config.load import ConfigError, Source
from mother.config.model import Config


def source(
    *flags: str,
    env: Mapping[str, str] | None = None,
    program: str = "mother",
    require_network: bool = False,
) -> Source:
    """A source of flags and variables; the real environment does not count."""
    env = env or {}
    namespace = build_parser("run", program, "").parse_args(list(flags), env_vars=env)
    return Source(namespace, program, environ=env, require_network=require_network)


def load(
    *flags: str,
    file: str | dict[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    program: str = "mother",
    require_network: bool = False,
) -> Config:
    """What comes out; `file` is the text of a TOML file or the tree of a JSON file."""
    with tempfile.TemporaryDirectory() as folder:
        if file is not None:
            path = Path(folder) / ("m.toml" if isinstance(file, str) else "m.json")
            path.write_text(file if isinstance(file, str) else json.dumps(file))
            path.chmod(0o600)
            flags = (*flags, "--config", str(path))
        return source(*flags, env=env, program=program, require_network=require_network).load()


def problems(*flags: str, **how: Any) -> list[str]:
    """The lines that tell what is wrong."""
    with pytest.raises(ConfigError) as caught:
        load(*flags, **how)
    return caught.value.lines
