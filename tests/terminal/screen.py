"""What a terminal would show of the bytes written to it: as much as a live table needs."""

from __future__ import annotations

import codecs
import re

_TOKEN = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|\x1b.|[\r\n]|[^\x1b\r\n]+", re.DOTALL)


class Painted:
    """Text, line feeds, moves of the cursor and erasing; an unknown sequence is an error.

    Text that would run over the right edge is put on the next line, as terminals do;
    `widest` is the longest stretch that was written at once.
    """

    def __init__(self, columns: int, height: int) -> None:
        self.widest = 0
        self.cursor_shown = True
        self._columns = columns
        self._height = height
        self._rows: list[str] = [""] * height
        self._row = self._column = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""

    @property
    def lines(self) -> list[str]:
        return [row.rstrip() for row in self._rows]

    def feed(self, data: bytes) -> None:
        text = self._rest + self._decoder.decode(data)
        cut = text.rfind("\x1b")
        whole = cut < 0 or re.match(r"\x1b(\[\??[\d;]*[A-Za-z]|[^\[])", text[cut:])
        self._rest = "" if whole else text[cut:]
        for found in _TOKEN.finditer(text if whole else text[:cut]):
            token = found[0]
            if token == "\r":
                self._column = 0
            elif token == "\n":
                self._down()
            elif found[2]:
                self._steer(found[1], found[2])
            elif not token.startswith("\x1b"):
                self._write(token)

    def _down(self) -> None:
        if self._row == self._height - 1:
            self._rows = [*self._rows[1:], ""]
        else:
            self._row += 1

    def _write(self, text: str) -> None:
        for letter in text:
            if self._column == self._columns:
                self._down()
                self._column = 0
                self.widest = self._columns + 1
            row = self._rows[self._row].ljust(self._column)
            self._rows[self._row] = row[: self._column] + letter + row[self._column + 1 :]
            self._column += 1
        self.widest = max(self.widest, self._column)

    def _steer(self, numbers: str, kind: str) -> None:
        count = int(numbers) if numbers.isdigit() else 1
        if kind == "A":
            self._row = max(0, self._row - count)
        elif kind == "K":
            self._rows[self._row] = "" if numbers == "2" else self._rows[self._row][: self._column]
        elif numbers == "?25":
            self.cursor_shown = kind == "h"
        elif kind != "m":
            raise AssertionError(f"the terminal was sent {numbers}{kind}")
