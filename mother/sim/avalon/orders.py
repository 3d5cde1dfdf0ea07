"""The orders that an Avalon takes: `ascset` with its options, and `setpool`."""

from __future__ import annotations

from collections.abc import Callable

from mother.sim.avalon.state import LOGIN, Avalon, Pool

Verdict = tuple[str, int, str]
"""Kind, code and words of a STATUS."""

OK = 119
HELP = 118
FAILED = 120
NO_DEVICE = 107
MISSING = 15
SET_OK: Verdict = ("S", OK, "ASC 0 set OK")


class Orders:
    """`soon` does something once the answer has left."""

    def __init__(self, avalon: Avalon, soon: Callable[[Callable[[], None]], object]) -> None:
        self._avalon = avalon
        self._soon = soon
        self._options: dict[str, Callable[[str], Verdict | None]] = {
            "help": self._help,
            "softoff": self._softoff,
            "softon": self._softon,
            "workmode": self._workmode,
            "worklevel": self._worklevel,
            "reboot": self._reboot,
            "led": self._led,
            "fan-spd": self._fan,
        }

    def ascset(self, parameter: str) -> Verdict | None:
        """The answer to `0,option[,value]`; None for none."""
        number, _, rest = parameter.partition(",")
        option, _, value = rest.partition(",")
        if not parameter or not option:
            return "E", MISSING, "Missing device id parameter"
        if number.strip() != "0":
            return "E", NO_DEVICE, f"Invalid ASC id {number.strip()} - range is 0 - 0"
        obey = self._options.get(option)
        if obey is None or option not in self._avalon.kind.options.split("|"):
            return _failed(f"Unknown option: {option}")
        return obey(value)

    def setpool(self, parameter: str) -> Verdict:
        """The answer to `user,password,place,url,worker,its password`."""
        words = parameter.split(",")
        if len(words) != 6 or not words[2].strip().isdecimal():
            return "E", MISSING, "Missing pool parameters"
        if (words[0], words[1]) != LOGIN:
            return "E", MISSING, "Wrong user or password"
        if not self._avalon.set_pool(int(words[2]), Pool(words[3], words[4], words[5])):
            return "E", MISSING, f"Invalid pool id {words[2]}"
        if self._avalon.kind.pools_after_reboot:
            return "S", OK, "Set pool success, reboot to take effect"
        return "S", OK, "Set pool success"

    def restart(self) -> None:
        """Cgminer starts anew, once this has been answered."""
        self._soon(self._avalon.restart)

    def _help(self, value: str) -> Verdict:
        return "I", HELP, f"ASC 0 set info: {self._avalon.kind.options}"

    def _softoff(self, value: str) -> Verdict:
        return self._soft("softoff", value, off=True)

    def _softon(self, value: str) -> Verdict | None:
        verdict = self._soft("softon", value, off=False)
        done = verdict[0] == "I"
        return None if done and self._avalon.mute_softon else verdict

    def _soft(self, option: str, value: str, *, off: bool) -> Verdict:
        flag, _, at = value.partition(":")
        if flag != "1" or not at.strip().isdecimal() or len(at) > 12:
            return _failed(f"{option}: invalid parameter")
        self._avalon.switch(off=off, at=int(at))
        return "I", HELP, f"ASC 0 set info: success {option}:{int(at)}"

    def _workmode(self, value: str) -> Verdict:
        mode = _number(value)
        return SET_OK if mode is not None and self._avalon.set_mode(mode) else _bad("workmode")

    def _worklevel(self, value: str) -> Verdict:
        level = _number(value)
        return SET_OK if level is not None and self._avalon.set_level(level) else _bad("worklevel")

    def _reboot(self, value: str) -> Verdict:
        self._soon(self._avalon.reboot)
        return SET_OK

    def _led(self, value: str) -> Verdict:
        """`1-1` is on, `1-0` off."""
        if value not in {"1-0", "1-1"}:
            return _bad("led")
        self._avalon.led = value == "1-1"
        return SET_OK

    def _fan(self, value: str) -> Verdict:
        """A percentage from 15, or -1 for by itself."""
        if value != "-1" and not (value.isdecimal() and 15 <= int(value) <= 100):
            return _bad("fan-spd")
        self._avalon.fan_percent = int(value)
        return SET_OK


def _number(value: str) -> int | None:
    """`set,1` or just `1`."""
    text = value.removeprefix("set,").strip()
    return int(text) if text.isdecimal() and len(text) < 3 else None


def _failed(words: str) -> Verdict:
    return "E", FAILED, f"ASC 0 set failed: {words}"


def _bad(option: str) -> Verdict:
    return _failed(f"{option}: invalid parameter")
