"""What a name looks like: names that a person takes for one another have one look.

Bytes decide whether two names are one (`names`). So nothing here decides anything; it only warns.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# By Unicode's script names: letters on the left are drawn like those on the right. Written as code points, since the
# whole point is that one cannot see the difference.
_DRAWN_ALIKE = {
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425": "ABESIJKMHOPCTYX",
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf": "aeopcyxijshdqwl",
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7": "ABEZHIKMNOPTYX",
    "\u03b1\u03b3\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5": "ayikvopu",
    "\u0585\u0578\u057d\u0570\u0581\u0575": "onuhgj",
    "\u0131\u0251\u0261": "iag",
    "\u2010\u2011\u2012\u2013\u2014\u2212\u2024\u2044\u2215\u2236\ua789\u0589": "------.//:::",
}
_LOOKS = str.maketrans(
    {char: look for chars, looks in _DRAWN_ALIKE.items() for char, look in zip(chars, looks, strict=True)}
)
_NEARLY = str.maketrans({"I": "l", "1": "l", "0": "o", "O": "o"})
_SCRIPTS = frozenset(("LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE"))
_WORD = re.compile(r"[^\W\d_]+")


def look(name: str) -> str:
    """The name as it looks: other scripts' letters as the Latin ones they are drawn like, all in small letters."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).translate(_LOOKS)).casefold()


def near_look(name: str) -> str:
    """The name as it looks to who does not look twice: 1, l and I are one, 0 and O, rn and m."""
    plain = name if name.isascii() else unicodedata.normalize("NFKC", name).translate(_LOOKS)
    return plain.translate(_NEARLY).casefold().replace("rn", "m")


def odd_letter(name: str) -> str | None:
    """The first letter that is of another script than the rest of its word, among scripts that look alike, or None."""
    words: list[str] = [] if name.isascii() else _WORD.findall(name)
    for word in words:
        scripts = [script for char in word if (script := script_of(char))]
        if len(set(scripts)) > 1:
            (usual, _), *_ = Counter(scripts).most_common()
            return next(char for char in word if script_of(char) not in (None, usual))
    return None


def script_of(letter: str) -> str | None:
    """The script of a letter if it is one of those that look alike."""
    script: str = unicodedata.name(letter, "").partition(" ")[0]
    return script if script in _SCRIPTS else None
