"""From bytes to text: which of the encodings that exports come in it is.

UTF-8 and UTF-16 show by themselves. Windows-1252 and Mac Roman are told apart by which of them
makes words of the letters outside ASCII; whatever else it may be, charset-normalizer tells.
"""

import codecs
import unicodedata

from charset_normalizer import from_bytes

from practice.imports.sheets import CannotRead

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN = ("cp1252", "mac_roman")
_OF_THE_WEST = {"cp1252", "mac_roman", "latin_1", "cp1250", "cp1254", "cp1257", "cp850", "ascii"}
_SAMPLE = 60_000  # bytes that are looked at
# Of a short text one or two are a slip, not a sign that it is none.
_MOST_CONTROLS = 3
_CONTROLS = frozenset(map(chr, range(32))) - set("\t\r\n\f\v\x1a")


def decoded(content: bytes, name: str) -> str:
    """Return the text of a file.

    Raises:
        CannotRead: it is no text.
    """
    text = _decode(content, name)
    sample = text[:_SAMPLE]
    if sum(c in _CONTROLS for c in sample) > max(_MOST_CONTROLS, len(sample) // 50):
        raise CannotRead(name, "It is no text that can be read. Export it as CSV or XLSX.")
    return text.replace("\0", "")


def _decode(content: bytes, name: str) -> str:
    encoding = next((e for mark, e in _MARKS.items() if content.startswith(mark)), "")
    for guess in filter(None, (encoding, _utf16_by_zeros(content), "utf-8")):
        try:
            return content.decode(guess)
        except UnicodeDecodeError as error:
            if encoding and guess == encoding:
                line = content[: error.start].count(b"\n") + 1
                raise CannotRead(name, "Its letters are damaged here.", line) from None
    if _has_utf8(content):  # and other lines that are none: files that were put together
        lines = content.split(b"\n")
        others = b"\n".join(line for line in lines if not _is_utf8(line))
        best = max(_WESTERN, key=lambda guess: _sense(others[:_SAMPLE], guess))
        return "\n".join(n.decode("utf-8" if _is_utf8(n) else best, "replace") for n in lines)
    sample = _letters_around(content)
    best = max(_WESTERN, key=lambda guess: _sense(sample, guess))
    if _sense(sample, best) <= 0 or _is_foreign(sample):
        match = from_bytes(sample).best()
        if match and match.encoding not in _OF_THE_WEST:
            return content.decode(match.encoding, "replace")
    return content.decode(best, "replace")


def _has_utf8(content: bytes) -> bool:
    """Whether any line has letters outside ASCII in UTF-8, which by chance hardly any has."""
    return any(not line.isascii() and _is_utf8(line) for line in content.split(b"\n"))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf16_by_zeros(content: bytes) -> str:
    """Return which UTF-16 it is where every other byte is zero, as in Western text."""
    sample = content[:2000]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > half * 0.7:
        return "utf-16-le"
    return "utf-16-be" if half and sample[::2].count(0) > half * 0.7 else ""


def _letters_around(content: bytes) -> bytes:
    """Return the lines that have anything outside ASCII, as far as a sample goes."""
    lines = [line for line in content.splitlines() if not line.isascii()]
    return b"\n".join(lines)[:_SAMPLE]


def _is_foreign(sample: bytes) -> bool:
    """Whether letters outside ASCII are more than an accent here and there."""
    others = sum(byte > 127 for byte in sample)
    return others > sum(chr(byte).isalpha() for byte in sample if byte < 128)


def _sense(sample: bytes, encoding: str) -> int:
    """Return how much sense the letters outside ASCII make within their words."""
    text, sense = f" {sample.decode(encoding, 'replace')} ", 0
    for before, letter, after in zip(text, text[1:], text[2:], strict=False):
        if letter.isascii():
            continue
        kind, beside = unicodedata.category(letter), before.isalpha() or after.isalpha()
        if kind == "Ll":
            sense += 1 if beside else -1
        elif kind == "Lu":
            sense += -2 if before.islower() else 1
        elif letter in "‘“":  # they open, and follow no letter
            sense += -2 if before.isalpha() else 1
        elif letter in "”–—…€£ºª":  # none stands within a word
            sense += -2 if before.isalpha() and after.isalpha() else 1
        elif letter == "’":
            sense += 1
        else:
            sense -= 2
    return sense
