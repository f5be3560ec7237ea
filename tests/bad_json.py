"""What JSON may not be, in pieces that a test can put anywhere into a body; and a little that it may be after all."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


TWICE = {
    "plain": '"a": 1, "a": 1',
    "equal but for the value": '"a": 1, "a": 2',
    "apart": '"a": 1, "b": 2, "a": 3',
    "three times": '"a": 1, "a": 2, "a": 3',
    "empty names": '"": 1, "": 2',
    "spaces before the colon": '"a"  : 1,"a"\t:\n2',
    "escaped": r'"a": 1, "\u0061": 2',
    "escaped twice": r'"\u0061": 1, "\u0061": 1',
    "escaped solidus": r'"a/b": 1, "a\/b": 2',
    "escaped quotation mark": r'"a\"": 1, "a\u0022": 2',
    "escaped pair": '"😀": 1, "\\ud83d\\ude00": 2',
    "escapes elsewhere": r'"a": "\n", "a": 2',
    "quotation marks in values": r'"a": "\"", "a": "\"\""',
    "as many quotation marks": r'"a": 1, "a": "\"\""',
    "names like values": '"a": "a", "a": "a"',
    "objects as values": '"a": {}, "a": {"b": 1}',
    "within": '"x": {"a": 1, "a": 2}',
    "within a list": '"x": [0, {"a": 1, "a": 2}]',
    "deep within": '"x": [[[{"y": {"a": 1, "a": 2}}]]]',
    "braces in a string": '"x": "{", "y": {"a": "}", "a": "]"}',
    "colons in a string": '"a:": ":", "a:": "a"',
    "commas in a string": '"a": "b,", "a": ", c"',
    "a dropped one holds strings": '"a": {"b": "c", "d": "e"}, "a": "f"',
    "a dropped one holds a pair": '"a": {"b": 1, "b": 2}, "a": {}',
    "non-ascii": '"é": 1, "é": 2',
    "known member": '"subject": {"type": "user", "id": "ada"}',
    "known member escaped": r'"\u0073ubject": {"type": "user", "id": "bob"}',
    "in context": '"context": {"project": "project:vision", "project": "project:vision"}',
    "in properties": '"options": {"explain": true, "expl\\u0061in": false}',
}
"""Members of which two have one name, by what is peculiar about them."""

LONE = _words(r"""
\ud800 \ud800x x\udfff \udc00\ud800 \ud800\ud800 \ud800\u0041 \uD83D\n \ud800\\ \udbff\" \ud83d\t\ude00
\ud83d\ude00\ude00 \ud800\udc00\ud800 \uDFFF\uDFFF \uD800\/ \udfff\ud83d\ude00 \ud83dx\ude00
""")
"""Surrogates that lack their partner, escaped."""

BYTES = list(map(bytes.fromhex, _words("""
ff fe 80 c3 c0af c080 e080af f08080af c1bf eda080 edbfbf eda0bdedb880 f4908080 f5808080 f88080808080 fc8080808080
e282 c328 efbb c3c3a9 c3a9a9 eda0bd e2e282ac
""")))  # fmt: skip
"""Bytes that are no UTF-8: stray, cut short, overlong, surrogates, beyond Unicode."""

CONTROLS = [bytes([code]) for code in range(0x20)]
"""Characters that a string may hold escaped only."""

ESCAPES = [rb"\x41", rb"\u12", rb"\u00g0", rb"\u+041", rb"\u 041", rb"\U0041", rb"\a", rb"\0", rb"\'", rb"\u", b"\\\n"]
"""What follows a backslash in other languages."""

NUMBERS = _words("""
NaN nan -NaN Infinity -Infinity inf 1e400 -1e999 1e309 1.8e308 -1.8e308 01 -01 00 +1 .5 5. 1.e5 1e 1e+ - -- --1 0x10
1_000 1e5.5 1d 0b1 0o7 1.5.5 ٣ １ ∞ 1e４ 1e+-5 1E400 -1E+309
""")
NUMBERS += ["9" * 309, "-" + "9" * 309, "2" + "0" * 308, "1" * 400, "1" * 5_000, "-" + "1" * 5_000, "1" * 60_000]
NUMBERS += ["1" * 400 + ".5", "1 2"]
"""What is no number, or none that a double can hold."""

GOOD_NUMBERS = _words("""
1.7976931348623157e308 -1.7976931348623157e308 5e-324 1e-400 0e9999 0E-9999 -0 -0.0 0.0e400 "1e400" "NaN" 1E+2 1.5e-7
9007199254740993 123456789012345678901234567890 18446744073709551616 -9223372036854775809
""")
GOOD_NUMBERS += ["1" + "0" * 308, "-1" + "0" * 308, "0." + "1" * 400, "1" * 310 + "e-300", '"' + "1" * 400 + '"']
"""Values that look worse than they are."""

NO_JSON = _words("""
{ } {] [ nul None True {'a':1} {a:1} {"a":1,} {"a":[1,]} {"a"} {"a":} {"a":1"b":2} {"a":1}} {"a":1}{} {}x {"a":"b}
/**/{} {,} {1:2} {null:1} {"a":undefined} {"a":tru} {"a":TRUE} {"a"=1} {"a";1} {"a":1;} {"a":{} {"a":[} {}, ;
[] "x" 5 null true 1e5
""")
NO_JSON += ["", " ", '{"a": 1 // x\n}', "{}\n{}", "\n", '{"a": 1} # x', "\u00a0{}", "{}\u2028"]
"""What is no JSON object."""

HEAVY = [
    b"[%s1]" % (part * (60_000 // len(part)))
    for part in (
        b"9e307,",
        b"5e-324,",
        b"1.7976931348623157e308,",
        b"0.1,",
        b"1,",
        b"9" * 308 + b",",
        b"{},",
        b"[],",
        b'"\\n",',
        b'{"a":"\\n"},',
    )
]
"""Arrays that take a reader as long as their size allows."""


def nested(opening: str, depth: int) -> str:
    """A value nested `depth` deep by turns of what opens: `[` and `{`."""
    turns = [opening[level % len(opening)] for level in range(depth)]
    start = "".join("[" if turn == "[" else '{"x":' for turn in turns)
    return start + "1" + "".join("]" if turn == "[" else "}" for turn in reversed(turns))
