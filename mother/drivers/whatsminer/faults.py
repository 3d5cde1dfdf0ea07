"""What a Whatsminer's error codes mean.

The codes are those of the maker's public list (reference P); the words are ours. The first
digits name the part: 1 fans, 2 power supply, 3 temperature, 4 EEPROM, 5 hashboards, 6 the air,
7 control board, 8 programs, 20 pools, 23 hashrate, 50 to 56 chips, 80 to 87 the factory's
checks, 1000 and above security. Unless a row holds it whole, a code's last digit is a slot or
a pool, and in 52 to 56 the third digit is a slot and the last three are a chip.
"""

from __future__ import annotations

import re

from mother.core.reading import DeviceFault

MOST = 64
"""Errors beyond tell nobody more."""

_CODE = re.compile(r"\d{2,6}", re.ASCII)

UNKNOWN = "an error that the maker's public list does not hold"

WHOLE: dict[str, str] = {
    "100": "a fan of unknown kind",
    "110": "the intake fan turns at a wrong speed",
    "111": "the exhaust fan turns at a wrong speed",
    "120": "the intake fan's speed is off by more than 2000 rpm",
    "121": "the exhaust fan's speed is off by more than 2000 rpm",
    "130": "the intake fan's speed is off by more than 3000 rpm",
    "131": "the exhaust fan's speed is off by more than 3000 rpm",
    "140": "the fans turn too fast",
    "200": "no power supply was found",
    "201": "the power supply is not the one in the configuration file",
    "202": "the power supply gives a wrong voltage",
    "203": "the power supply protects itself: the air is too hot",
    "204": "the power supply limits its current: the air is too hot",
    "205": "the power supply gives a wrong current",
    "206": "the mains voltage at the power supply is too low",
    "207": "the power supply limits its current: bad mains",
    "208": "the power supply gives a wrong power",
    "209": "the power supply's voltage has an offset",
    "210": "the power supply reports an error",
    "211": "the power supply's output current is wrong; reboot it",
    "212": "the power supply's output voltage is at its limit",
    "213": "the power supply's input does not match its output",
    "214": "a signal of the power supply did not change",
    "215": "the power supply did not take the voltage",
    "216": "the power supply's state has not changed for long",
    "217": "the power supply could not be switched on",
    "218": "the mains voltage is below 230 V, too low for high power mode",
    "219": "the power supply's input current is wrong",
    "233": "the power supply's output is too hot (protection)",
    "234": "the power supply's output is too hot (protection)",
    "235": "the power supply's output is too hot (protection)",
    "236": "the power supply's output current is too high (protection)",
    "237": "the power supply's output current is too high (protection)",
    "238": "the power supply's output current is too high (protection)",
    "239": "the power supply's output voltage is too high (protection)",
    "240": "the power supply's output voltage is too low (protection)",
    "241": "the power supply's output currents are unequal",
    "243": "the power supply's input is too hot (protection)",
    "244": "the power supply's input is too hot (protection)",
    "245": "the power supply's input is too hot (protection)",
    "246": "the mains voltage is too high (protection)",
    "247": "the mains voltage is too high (protection)",
    "248": "the power supply's input current is too high (protection)",
    "249": "the power supply's input current is too high (protection)",
    "250": "the mains voltage is too low (protection)",
    "251": "the mains voltage is too low (protection)",
    "253": "the fan of the power supply",
    "254": "the fan of the power supply",
    "255": "the power supply gives too much power (protection)",
    "256": "the power supply gives too much power (protection)",
    "257": "too much current on the primary side of the power supply (protection)",
    "263": "the talk with the power supply is disturbed (warning)",
    "264": "the talk with the power supply fails",
    "265": "an unknown error of the power supply",
    "266": "an unknown error of the power supply",
    "267": "the power supply's watchdog stopped it",
    "268": "the power supply's output current is too high (protection)",
    "269": "the power supply's input current is too high (protection)",
    "270": "the mains voltage is too high (protection)",
    "271": "the mains voltage is too low (protection)",
    "272": "the power supply gives too much (warning)",
    "273": "the power supply takes too much (warning)",
    "274": "the fan of the power supply (warning)",
    "275": "the power supply is hot (warning)",
    **dict.fromkeys(("276", "277", "278", "279", "280"), "an unknown error of the power supply"),
    **{
        str(
            281 + bit
        ): f"the power supply's maker reports bit {bit % 8} of its state {1 + bit // 8}"
        for bit in range(16)
    },
    "329": "the control board's temperature sensor does not answer",
    **dict.fromkeys(("360", "361", "362", "363"), "a hashboard is too hot"),
    "370": "the temperature of the air changes too much",
    "380": "no humidity sensor was found",
    "381": "the humidity sensor cannot be read",
    "382": "the humidity sensor cannot be read",
    "383": "it is too humid (protection)",
    "400": "an unknown error of an EEPROM",
    "500": "an unknown error of a hashboard",
    "600": "the air is too hot",
    "610": "the air is too hot for high power mode",
    "700": "its MAC address is not valid",
    "701": "the control board does not support these chips",
    "710": "the control board restarted by itself",
    "711": "the control board restarted by itself and runs slower; update the firmware",
    "712": "the control board restarted by itself",
    "713": "the network is unstable, and the clock was changed",
    "714": "an unknown error of the control board",
    "800": "the mining program's checksum is wrong",
    "801": "the system monitor's checksum is wrong",
    "802": "the remote daemon's checksum is wrong",
    "810": "the boards' serial numbers do not fit a miner made liquid-cooled",
    "900": "an unknown error",
    "901": "the ratio of power to hashrate is wrong",
    "902": "an unknown error",
    "2000": "no pool is configured",
    "2010": "all pools are disabled",
    "2030": "the pool rejects many shares",
    "2040": "the pool does not support AsicBoost",
    "2310": "the hashrate is too low",
    "2320": "the hashrate is too low",
    "2330": "too much hashrate is lost",
    "2340": "too much hashrate is lost",
    "2350": "hashrate is lost",
    "5080": "the chips' temperature sensors could not be calibrated; reset it to factory settings",
    "8000": "the maker's tool is too old",
    "8010": "the frequency is low",
    "8020": "the hashrate is low",
    "8035": "the air is hot",
    "8100": "the chips' data are wrong",
    "8200": "the version of the power supply is wrong",
    "8210": "the miner's type is wrong",
    "8220": "the version data are wrong",
    "8300": "a level is empty",
    "8400": "the firmware is old",
    "8410": "the software's version is wrong",
    "8600": "the product's serial number is missing",
    "8610": "the product's type is missing",
    "8620": "the miner's serial number is missing",
    "8621": "the miner's serial number has a wrong length",
    "8630": "the power supply's serial number is missing",
    "8631": "the power supply's serial number is wrong",
    "8632": "the miner's serial number is wrong",
    "8640": "the power supply's model is missing",
    "8641": "the power supply's model is wrong",
    "8642": "the voltage of the power supply's model is wrong",
    "8643": "the rating of the power supply's model is wrong",
    "8644": "the power supply's model is written wrong",
    "8650": "the hashboards' layout is wrong",
    "8660": "the kind of cooling is wrong",
    "8670": "a board's serial number is missing",
    "8700": "the power supply does not fit the miner",
    "9000": "a program ended by a signal",
    "9010": "a program ended by a signal",
    "9999": "an unknown error of the miner",
    "100000": "the security library fails; update the firmware",
    "100001": "a security signature is not the maker's",
    "100002": "a security file is not the maker's",
    "100003": "a security file is not the maker's",
    "100100": "the security check removed the mining program; update the firmware",
    "110000": "a file is there that the maker did not put there; update the firmware",
    "110001": "malware was found and removed; update the firmware",
}
"""Codes that mean one thing."""

NUMBERED: dict[str, str] = {
    "30": "slot {n}: no temperature sensor is found",
    "32": "slot {n}: the temperature cannot be read",
    "35": "slot {n} is too hot (protection)",
    "41": "slot {n}: no EEPROM is found",
    "42": "slot {n}: the EEPROM's content is wrong",
    "43": "slot {n}: the chips' bin in the EEPROM is wrong",
    "44": "slot {n}: the number of chips in the EEPROM is wrong",
    "45": "slot {n}: the EEPROM cannot be read",
    "51": "slot {n}: a board of another type",
    "52": "slot {n}: chips of another bin",
    "53": "slot {n}: no board is found",
    "54": "slot {n}: the chips do not tell their ids",
    "55": "slot {n} has bad chips",
    "56": "slot {n}: its voltages are out of balance",
    "57": "slot {n}: a chip does not answer",
    "58": "slot {n} cannot be reset",
    "59": "slot {n} runs at too low a frequency",
    "72": "slot {n}: broken frames at the control board",
    "202": "pool {n} cannot be reached",
    "211": "slot {n} failed a step of the factory's test",
    "501": "slot {n}: a chip's voltage is too low",
    "502": "slot {n}: a chip's voltage changed",
    "503": "slot {n}: the chips' temperatures differ too much",
    "504": "slot {n}: the hottest chip is much hotter than the others",
    "505": "slot {n} stopped: its chips are too hot (protection)",
    "507": "slot {n}: the coolant flows wrong",
    "509": "slot {n}: its chips' calibrated temperatures do not agree",
    "511": "slot {n} does not reach its frequency in time",
    "512": "slot {n}: too many checksum errors",
    "513": "slot {n} is unstable",
    "517": "slot {n} does not reach its frequency in time",
}
"""Codes that end in the number of a slot or a pool, by what stands before it."""

LEVELS: dict[str, str] = {
    "0": "the hashrate is below standard (level {n})",
    "1": "the power is off standard (level {n})",
    "2": "a fan's speed is off standard (level {n})",
    "3": "a fan's speed is off standard (level {n})",
    "4": "the voltage is off standard (level {n})",
}
"""Codes that begin with 85, by their last digit."""

CHIPS: dict[str, str] = {
    "52": "slot {n}, chip {c}: wrong nonces",
    "53": "slot {n}, chip {c}: too few nonces",
    "54": "slot {n}, chip {c}: too hot (protection)",
    "55": "slot {n}, chip {c}: was reset",
    "56": "slot {n}, chip {c}: no nonces",
}
"""Codes of four or six digits, by the first two; then a slot and a chip."""


def meaning(code: str) -> str:
    """What a code, in digits, means; `UNKNOWN` where the list does not hold it."""
    if code in WHOLE:
        return WHOLE[code]
    if not (code.isascii() and code.isdigit()):
        return UNKNOWN
    if len(code) in (4, 6) and code[:2] in CHIPS:
        return CHIPS[code[:2]].format(n=code[2], c=int(code[3:]))
    if len(code) == 4 and code[:2] == "85":
        return LEVELS.get(code[3], UNKNOWN).format(n=code[2])
    return NUMBERED.get(code[:-1], UNKNOWN).format(n=code[-1:])


def note(found: dict[str, DeviceFault], code: str, date: str = "", reason: str = "") -> None:
    """Put one into `found`, once; what is no code is left out.

    `reason` is the device's own word for it, `date` its own time, whose zone it does not tell.
    """
    if not _CODE.fullmatch(code) or code in found or len(found) >= MOST:
        return
    words = meaning(code)
    if reason:
        words = reason if words == UNKNOWN else f"{words} ({reason})"
    found[code] = DeviceFault(code, f"{words}, since {date} by its own clock" if date else words)
