"""What `mother record` asks: questions that change nothing, by what a device has shown so far."""

from __future__ import annotations

import json

from msgspec import Struct

WEB, CGMINER, THIRD = "web", "cgminer", "v3"
"""Where a question goes: its page, cgminer's port, Whatsminer's third port."""


class Question(Struct, frozen=True):
    """One question. `name` is that of its file; `login`: only somebody logged in gets an answer.

    `body` is what is sent: to the page as a form (then it is a POST), else the request itself.
    """

    name: str
    port: str
    path: str = "/"
    body: bytes | None = None
    login: bool = False

    @property
    def words(self) -> str:
        """What is asked, for people."""
        if self.port != WEB and self.body is not None:
            return self.body.decode("ascii")
        return f"{'GET' if self.body is None else 'POST'} {self.path}"


def _web(*paths: str, login: bool = False, post: bool = False) -> tuple[Question, ...]:
    body = b"" if post else None
    return tuple(
        Question(f"web-{_plain(path)}", WEB, path, body=body, login=login) for path in paths
    )


def _line(*requests: dict[str, str]) -> tuple[Question, ...]:
    return tuple(
        Question(f"cgminer-{_plain('-'.join(one.values()))}", CGMINER, body=_packed(one))
        for one in requests
    )


def _packed(request: dict[str, str]) -> bytes:
    return json.dumps(request, separators=(",", ":")).encode("ascii")


def _plain(text: str) -> str:
    kept = (char if char.isalnum() or char in "._-" else "_" for char in text)
    return "".join(kept).strip("_") or "root"


ROOT = _web("/")[0]
VERSION = _line({"command": "version"})[0]

_AXEOS = _web("/api/system/info", "/api/system/asic", "/api/system/statistics")
_ANTMINER = _web(
    *(
        f"/cgi-bin/{name}.cgi"
        for name in (
            "get_system_info", "stats", "summary", "pools", "get_miner_conf", "get_blink_status",
            "miner_type", "get_network_info", "get_miner_status",
        )
    ),
    login=True,
)  # fmt: skip
_DRAGONMINT = _web(
    *(
        f"/api/{name}"
        for name in (
            "overview", "summary", "pools", "type", "network", "getAutoTune",
            "getAutoTuneStatus", "getErrorDetail", "getDebugStats",
        )
    ),
    login=True,
    post=True,
)  # fmt: skip
_VNISH = _web("/api/v1/info", "/api/v1/summary", "/api/v1/status")
_BRAIINS = _web("/api/v1/version", "/cgi-bin/luci")
_GOLDSHELL = _web("/mcb/status", "/mcb/pools")

LOGIN = Question("web-login", WEB, "/api/auth", login=True)
"""DragonMint's; its answer is never kept."""

BY_PAGE: tuple[tuple[bytes, tuple[Question, ...]], ...] = (
    (b"AxeOS", _AXEOS),
    (b"<title>DragonMint</title>", _DRAGONMINT),
    (b"<title>AsicMiner</title>", _DRAGONMINT),
    (b"AnthillOS", _VNISH),
    (b"Braiins OS", _BRAIINS),
    (b"cloud-box", _GOLDSHELL),
)
ANTMINER_REALM = "antMiner"

UNKNOWN_PAGE = (*_AXEOS[:1], *_VNISH[:1], *_GOLDSHELL[:1])
"""What a page that is not known is asked: one harmless question for each kind."""

SPEAKS_HTTP = b"Miner Web Dashboard"
"""In the page of a device whose cgminer port talks HTTP: JSON must never go there."""

HTTP_THERE = tuple(
    Question(f"cgminer-http-{name}", CGMINER, f"/{name}")
    for name in ("summary", "capabilities", "hashrate", "temps", "clocks", "voltages", "network")
)

LINES = _line(
    *(
        {"command": name}
        for name in (
            "devdetails", "summary", "stats", "pools", "devs", "estats", "litestats", "edevs",
        )
    ),
    *(
        {"cmd": name}
        for name in ("get_version", "get_miner_info", "status", "get_error_code", "get_psu")
    ),
)  # fmt: skip
"""What is asked at cgminer's port once `version` was answered; Whatsminer's own words last."""

FRAMES = (
    Question("v3-get.device.info", THIRD, body=_packed({"cmd": "get.device.info"})),
    *(
        Question(
            f"v3-get.miner.status-{name}",
            THIRD,
            body=_packed({"cmd": "get.miner.status", "param": name}),
        )
        for name in ("summary", "edevs", "pools")
    ),
)


def of_page(page: bytes, realm: str) -> tuple[Question, ...]:
    """What to ask at the web port of who shows such a page."""
    if realm.startswith(ANTMINER_REALM):
        return _ANTMINER
    for mark, asked in BY_PAGE:
        if mark in page:
            return asked
    return UNKNOWN_PAGE
