"""§3, address, when it is switched on."""

import re
import unicodedata

from .tables import is_dash
from .values import NUMERALS, kanji_number

PREFECTURE = re.compile(
    "北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|"
    "東京都|神奈川県|新潟県|富山県|石川県|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|"
    "滋賀県|京都府|大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|岡山県|広島県|山口県|徳島県|"
    "香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県|大分県|宮崎県|鹿児島県|沖縄県"
)
MARK = "丁目|番地|番|号|の|ノ|之"


def fold(address: str) -> str:
    text = unicodedata.normalize("NFKC", address).strip().upper()
    text = re.sub(f"[{NUMERALS}]+", lambda found: kanji_number(found[0]), _without_prefecture(text))
    text = re.sub(r"(?<=[0-9])\s+(?=[0-9])", "-", text)
    text = "".join(text.split())
    text = re.sub("大字|字", "", text)
    text = "".join("-" if is_dash(c) or "\u2500" <= c <= "\u257f" else c for c in text)
    text = re.sub(f"(?<=[0-9])(?:{MARK}|ー|-)+", "-", text)
    text = re.sub("[ヶが]", "ケ", text)
    return re.sub("-+", "-", text).rstrip("-")


def _without_prefecture(text: str) -> str:
    found = PREFECTURE.match(text)
    return text[found.end() :] if found else text


def agree(one: str, other: str) -> bool:
    a, b = sorted((fold(one), fold(other)), key=len)
    if a == b:
        return True
    if not a or not b.startswith(a):
        return False
    before, after = a[-1], b[len(a)]
    return after == "-" or (before in "0123456789") != (after in "0123456789")
