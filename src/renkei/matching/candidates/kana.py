"""How a name sounds: kana against Latin letters, by their consonants.

Employers write グエン ヴァン アン for NGUYEN VAN ANH, each in a way of their own. No two agree in letters,
but what remains when vowels, lengths and letters of one sound are taken away is much the same.
"""

import polars as pl

# Two kana before one, so that a small one goes with its neighbour. Vowels go anyway: one sign stands for all.
_KANA = {
    **dict.fromkeys(("シャ", "シュ", "ショ", "シェ", "シ"), "S"),
    **dict.fromkeys(("チャ", "チュ", "チョ", "チェ", "チ", "ティ", "トゥ", "ツ", "テュ"), "T"),
    **dict.fromkeys(("ジャ", "ジュ", "ジョ", "ジェ", "ジ", "ヂ", "ズ", "ヅ"), "S"),
    **dict.fromkeys(("ディ", "ドゥ", "デュ"), "T"),
    **dict.fromkeys(("ファ", "フィ", "フェ", "フォ", "フュ", "フ"), "P"),
    **dict.fromkeys(("ヴァ", "ヴィ", "ヴェ", "ヴォ", "ヴュ", "ヴ"), "P"),
    **dict.fromkeys(("ウィ", "ウェ", "ウォ", "ワ", "ヲ"), ""),
    **dict.fromkeys("カキクケコガギグゲゴ", "K"),
    **dict.fromkeys("サスセソザゼゾ", "S"),
    **dict.fromkeys("タテトダデド", "T"),
    **dict.fromkeys("ナニヌネノン", "N"),
    **dict.fromkeys("ハヒヘホ", "H"),
    **dict.fromkeys("バビブベボパピプペポ", "P"),
    **dict.fromkeys("マミムメモ", "N"),
    **dict.fromkeys("ラリルレロ", "R"),
    **dict.fromkeys("アイウエオヤユヨァィゥェォャュョッーヮ", ""),
}
_LATIN = {
    **dict.fromkeys(("NGH", "NG", "NH", "GN", "N", "M"), "N"),
    **dict.fromkeys(("SCH", "SH", "S", "Z", "X", "J", "GI"), "S"),
    **dict.fromkeys(("TCH", "CH", "TS", "TH", "TR", "T", "DH", "D"), "T"),
    **dict.fromkeys(("PH", "F", "V", "BH", "B", "P"), "P"),
    **dict.fromkeys(("KH", "GH", "CK", "C", "K", "Q", "G"), "K"),
    **dict.fromkeys(("L", "R"), "R"),
    "H": "H",
    **dict.fromkeys("AEIOUYW", ""),
}
_HIRAGANA = {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)}
_REPEATED = {sound * 2: sound for sound in "KSTNHPR"}


def sound_of_kana(names: pl.Series) -> pl.Series:
    """Return the consonants of names in kana, word by word in order, as one word."""
    return _single(
        names.str.normalize("NFKC").str.replace_many(_HIRAGANA).str.replace_many(_KANA, leftmost=True)
    )


def sound_of_latin(names: pl.Series) -> pl.Series:
    """Return the consonants of folded Latin names, word by word in order, as one word."""
    return _single(names.str.replace_many(_LATIN, leftmost=True))


def _single(sounds: pl.Series) -> pl.Series:
    """Keep consonants alone, each once where it is doubled."""
    return sounds.str.replace_all("[^KSTNHPR]", "").str.replace_many(_REPEATED)
