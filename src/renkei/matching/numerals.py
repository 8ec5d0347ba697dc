"""Kanji numerals, as dates and addresses have them."""

from typing import Final

DIGITS: Final = {kanji: digit for digit, kanji in enumerate("〇一二三四五六七八九")} | {"零": 0}
TENS: Final = {"十": 10, "百": 100, "千": 1000}


def digits_of(numeral: str) -> str:
    """Write a kanji numeral in digits: with tens (二十三) its value, by place (〇三) digit by digit."""
    if not TENS.keys() & set(numeral):
        return "".join(str(DIGITS[each]) for each in numeral)
    total, pending = 0, 0
    for each in numeral:
        if each in TENS:
            total += (pending or 1) * TENS[each]
            pending = 0
        else:
            pending = pending * 10 + DIGITS[each]
    return str(total + pending)
