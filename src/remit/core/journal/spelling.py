"""JSON that no terminal and no editor takes for anything but text: what cannot be seen in it is escaped."""

from __future__ import annotations

from remit.core.names import invisible


def harmless(line: bytes) -> bytes:
    """JSON of the same value, without line feeds and without a character that a person cannot see; text that is no
    UTF-8 has replacement characters in its place. JSON that is compact, and pure, stays as it is."""
    if line.isascii() and line.translate(None, _SEEN) == b"":
        return line
    text = line.decode(errors="replace")
    if invisible(text) is None:
        return line
    return "".join(_escaped(char) if invisible(char) else char for char in text).encode()


_SEEN = bytes(range(0x20, 0x7F))


def _escaped(char: str) -> str:
    """Between values only white space can stand, of which a space is as good as any."""
    if char in "\n\r\t":
        return " "
    return "".join(f"\\u{unit:04x}" for unit in _units(ord(char)))


def _units(point: int) -> tuple[int, ...]:
    """A code point in UTF-16, as JSON escapes it."""
    if point < 0x10000:
        return (point,)
    return 0xD800 + (point - 0x10000 >> 10), 0xDC00 + (point & 0x3FF)
