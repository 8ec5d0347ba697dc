"""§3, address, when it is switched on."""

import re
import unicodedata

DASHES = "-‐‑‒–—―−"
PREFECTURE = re.compile(
    "北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|"
    "東京都|神奈川県|新潟県|富山県|石川県|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|"
    "滋賀県|京都府|大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|岡山県|広島県|山口県|徳島県|"
    "香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県|大分県|宮崎県|鹿児島県|沖縄県"
)
DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
UNITS = {"十": 10, "百": 100, "千": 1000}


def fold(address: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", address).split())
    if prefecture := PREFECTURE.match(text):
        text = text[prefecture.end() :]
    numerals = "".join([*DIGITS, *UNITS])
    text = re.sub(f"[{numerals}]+(?=丁目|番地|番|号)", lambda found: str(kanji_number(found[0])), text)
    text = re.sub(f"丁目|番地|番|号|の|[{DASHES}]", "-", text)
    return text.rstrip("-").upper()


def kanji_number(text: str) -> int:
    """二十三 is 23, and so is 二三."""
    if not any(character in UNITS for character in text):
        return int("".join(str(DIGITS[character]) for character in text))
    total, pending = 0, ""
    for character in text:
        if character in UNITS:
            total += (int(pending) if pending else 1) * UNITS[character]
            pending = ""
        else:
            pending += str(DIGITS[character])
    return total + (int(pending) if pending else 0)


def agree(one: str, other: str) -> bool:
    a, b = sorted((fold(one), fold(other)), key=len)
    if a == b:
        return True
    if not a or not b.startswith(a):
        return False
    before, after = a[-1], b[len(a)]
    return after == "-" or (before in "0123456789") != (after in "0123456789")
