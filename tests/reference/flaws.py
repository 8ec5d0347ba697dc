"""What goes wrong between a card and a notification (§3's causes), on canonical values."""

import random
import unicodedata
from collections.abc import Callable

from .shapes import full_width
from .tables import kanji_variants

# Latin name, kanji name. Few, alike, and long enough to be cut at 12 characters.
PEOPLE = (
    ("NGUYEN VAN AN", ""),
    ("NGUYEN VAN ANH", ""),
    ("NGUYỄN VĂN ANH", ""),
    ("NGUYEN THI THANH HUYEN TRANG", ""),
    ("ĐẶNG THỊ BÍCH", ""),
    ("DANG THI BICH NGOC", ""),
    ("WANG XIAOMING", "王小明"),
    ("WANG XIAO MING", "王 小明"),
    ("ZHANG WEI", "张伟"),
    ("CHANG WEI", "張偉"),
    ("LI MING", "李明"),
    ("LI MING", "李銘"),
    ("TAKAHASHI HANAKO", "髙橋花子"),
    ("TAKAHASHI HANAKO MARIA", "高橋 花子 マリア"),
    ("YAMAZAKI ICHIRO", "山﨑一郎"),
    ("MÜLLER HANS", ""),
    ("MUELLER HANS PETER", ""),
    ("MULLER HANS", ""),
    ("SØRENSEN ÆGIR", ""),
    ("SÖRENSEN ÆGIR ÅSE", ""),
    ("STRAßER JÖRG", ""),
    ("ŁUKASZ ÞÓR", ""),
    ("O'BRIEN SEAN MARIE", ""),
    ("GARCIA-LOPEZ MARIA ANA", ""),
    ("GARCIA LOPEZ MARIA", ""),
    ("ANA ANA MARIA", ""),
    ("KIM MIN-SU", "金民秀"),
    ("KIM", ""),
    ("FERNÁNDEZ RODRÍGUEZ CARLOS", ""),
    ("ABCDEFGHIJKL", ""),
    ("ABCDEFGHIJK LMN", ""),
    ("ABCDEFGHIJ'KLMN OPQ", ""),
    ("陳美麗", "陳美麗"),
    ("陈美丽", ""),
    ("WANG 王", ""),
    ("KIM YUNA", "キム ユナ"),
    ("ワン シャオミン", ""),
    ("AHMAD BIN ALI", ""),
    ("MOHAMMED KHAN", ""),
    ("PARK JI MIN", "朴智旻"),
    ("UNKNOWN", "王小明"),
    ("-", ""),
)
KANA = ("ワン シャオミン", "ワン・シャオミン", "ﾜﾝ ｼｬｵﾐﾝ", "グエン", "りー みん")
HYPHENS = "-‐‑–—−,、・･·－，"
APOSTROPHES = "'’ʼ.＇"


def name(rng: random.Random, latin: str, kanji: str) -> str:
    """A name as an employer may write it: often the same person's still, sometimes not."""
    written = kanji if kanji and rng.random() < 0.35 else latin
    if (spelled := _other_spelling(rng, written)) != written and rng.random() < 0.5:
        return spelled  # few names have one
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        written = rng.choice(NAME_FLAWS)(rng, written)
    return written or latin


def _lower(_rng: random.Random, text: str) -> str:
    return text.lower()


def _title(_rng: random.Random, text: str) -> str:
    return text.title()


def _wide(_rng: random.Random, text: str) -> str:
    return full_width(text).replace(" ", "　")


def _no_space(_rng: random.Random, text: str) -> str:
    return text.replace(" ", "")


def _more_space(rng: random.Random, text: str) -> str:
    return text.replace(" ", rng.choice(("  ", "　", " 　 ", "\t", "\n")))


def _one_space_more(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + " " + text[place:]


def _joined(rng: random.Random, text: str) -> str:
    return text.replace(" ", rng.choice(HYPHENS), rng.choice((1, -1)))


def _apostrophe(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice(APOSTROPHES) + text[place:]


def _no_apostrophe(_rng: random.Random, text: str) -> str:
    return "".join(character for character in text if character not in APOSTROPHES)


def _reversed_words(_rng: random.Random, text: str) -> str:
    return " ".join(reversed(text.split()))


def _shuffled_words(rng: random.Random, text: str) -> str:
    words = text.split()
    rng.shuffle(words)
    return " ".join(words)


def _word_dropped(rng: random.Random, text: str) -> str:
    words = text.split()
    if len(words) > 1:
        words.pop(rng.randrange(len(words)))
    return " ".join(words)


def _word_added(rng: random.Random, text: str) -> str:
    words = text.split()
    words.insert(rng.randrange(len(words) + 1), rng.choice(("ANA", "VAN", "マリア", "PETER", "李")))
    return " ".join(words)


def _cut(rng: random.Random, text: str) -> str:
    return text[: rng.choice((10, 11, 12, 12, 13, 14, 20))]


def _plain_letters(_rng: random.Random, text: str) -> str:
    plain = unicodedata.normalize("NFD", text)
    plain = "".join(c for c in plain if not ("\u0300" <= c <= "\u036f"))
    for letter, spelt in {"Đ": "D", "Ł": "L", "Ø": "O", "Æ": "AE", "ß": "SS", "Þ": "TH"}.items():
        plain = plain.replace(letter, spelt)
    return unicodedata.normalize("NFC", plain)


def _spelt_out(rng: random.Random, text: str) -> str:
    spelling = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA", "Ø": "OE"}
    for letter, spelt in spelling.items():
        if rng.random() < 0.8:
            text = text.replace(letter, spelt)
    return text


def _marked(rng: random.Random, text: str) -> str:
    """A letter gets a mark it does not have on the card."""
    marks = {
        "A": "ÄÅÁẤ",
        "O": "ÖØÓỘ",
        "U": "ÜÚỮ",
        "D": "Đ",
        "L": "Ł",
        "E": "ÉỆ",
        "I": "ıÍ",
        "N": "Ñ",
        "S": "Šß",
    }
    places = [place for place, character in enumerate(text) if character in marks]
    if not places:
        return text
    place = rng.choice(places)
    return text[:place] + rng.choice(marks[text[place]]) + text[place + 1 :]


def _decomposed(_rng: random.Random, text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _letter_changed(rng: random.Random, text: str) -> str:
    if not text:
        return text
    place = rng.randrange(len(text))
    return text[:place] + rng.choice("AEXZ明") + text[place + 1 :]


def _variant_kanji(rng: random.Random, text: str) -> str:
    standard = kanji_variants()
    forms: dict[str, list[str]] = {}
    for variant in "髙﨑张张偉伟陈丽銘铭斎齋澤沢濱邊邉":
        forms.setdefault(standard.get(variant, variant), []).append(variant)
    return "".join(
        rng.choice([character, *forms.get(standard.get(character, character), [])]) for character in text
    )


def _kana(rng: random.Random, _text: str) -> str:
    return rng.choice(KANA)


def _mixed(rng: random.Random, text: str) -> str:
    return f"{text} {rng.choice(('王', 'ワン', 'WANG', '明'))}"


def _titled(rng: random.Random, text: str) -> str:
    return rng.choice((f"MR {text}", f"{text} MRS", f"{text}様", f"{text} さん", f"DAW {text}"))


def _initial(rng: random.Random, text: str) -> str:
    words = text.split()
    if words:
        place = rng.randrange(len(words))
        words[place] = words[place][0] + rng.choice(("", "."))
    return " ".join(words)


def _letter_left_out(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + text[place + 1 :]


def _neighbours_exchanged(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


def _lost_character(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice("?\ufffd〓？") * (place < len(text)) + text[place + 1 :]


def _other_spelling(rng: random.Random, text: str) -> str:
    spellings = {"MOHAMMED": "MUHAMMAD", "PARK": "PAK"}
    return " ".join(spellings.get(word, word) for word in text.split())


def _no_name(rng: random.Random, _text: str) -> str:
    return rng.choice(("UNKNOWN", "不明", "-", "no name", "Baby-Boy"))


def _invisible(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice("\u200b\u00ad\u202a\ufe00\U000e0100") + text[place:]


def _somebody_else(rng: random.Random, _text: str) -> str:
    return rng.choice([name for pair in PEOPLE for name in pair if name])


NAME_FLAWS: tuple[Callable[[random.Random, str], str], ...] = (
    _lower,
    _title,
    _wide,
    _no_space,
    _more_space,
    _one_space_more,
    _joined,
    _apostrophe,
    _no_apostrophe,
    _reversed_words,
    _shuffled_words,
    _word_dropped,
    _word_dropped,
    _word_added,
    _cut,
    _cut,
    _cut,
    _plain_letters,
    _spelt_out,
    _marked,
    _decomposed,
    _letter_changed,
    _variant_kanji,
    _kana,
    _mixed,
    _somebody_else,
    _titled,
    _initial,
    _initial,
    _letter_left_out,
    _neighbours_exchanged,
    _lost_character,
    _other_spelling,
    _other_spelling,
    _no_name,
    _invisible,
)


def date(rng: random.Random, value: str, partial: bool) -> str:
    """A date read or typed wrongly. It may be no date at all; then the caller keeps the right one."""
    year, month, day = value.split("-")
    digits = list(year + month + day)
    flaw = rng.choice(
        ("swap", "swap", "digit", "digit", "neighbours", "neighbours", "era", "era", "unknown", "any")
    )
    if flaw == "swap":
        return f"{year}-{day}-{month}"
    if flaw == "digit":
        digits[rng.randrange(8)] = rng.choice("0123456789")
    elif flaw == "neighbours":
        place = rng.randrange(7)
        digits[place], digits[place + 1] = digits[place + 1], digits[place]
    elif flaw == "era":
        one, other = rng.choices((2018, 1988, 1925, 1911), k=2)
        return f"{int(year) + one - other + rng.choice((0, 0, 0, 0, 1)):04}-{month}-{day}"
    elif flaw == "unknown" and partial:
        return rng.choice((f"{year}-{month}-00", f"{year}-00-00"))
    elif flaw == "any":
        return rng.choice(("1985-04-12", "1985-12-04", "1990-01-01", "2026-03-31", "2027-10-21"))
    text = "".join(digits)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def nationality(rng: random.Random, _value: str) -> str:
    return rng.choice(
        ("KOR", "PRK", "QZK", "CHN", "TWN", "HKG", "MAC", "VNM", "GBR", "GBN", "RKS", "UNK", "PHL")
    )


def sex(rng: random.Random, _value: str) -> str:
    return rng.choice("0129")


def status(rng: random.Random, _value: str) -> str:
    return rng.choice(STATUSES)


def boolean(rng: random.Random, _value: str) -> str:
    return rng.choice(("true", "false", ""))


STATUSES = (
    *(
        "engineer_humanities_intl",
        "engineer",
        "student",
        "permanent",
        "permanent",
        "designated",
        "designated",
    ),
    *("hsp", "hsp_1a", "hsp_1b", "hsp_1c", "hsp_2", "titp", "titp_1b", "titp_2b", "ssw", "ssw_1", "ssw_2"),
    *("intra_company", "intra_company_1", "intra_company_2", "business_manager", "investor_business_manager"),
    *("dependent", "diplomat", "special_permanent", "long_term", "unknown_sofa"),
)
# Of permissions: those that are due otherwise more often than they occur.
PERMITTED = ("engineer_humanities_intl", "titp_1b", "titp_1b", "titp_1a", "esd", "esd", "designated", "ssw_1")
PREVIOUS = ("", "student", "student", "student", "precollege", "titp_2b")
# One organisation a line, in spellings some of which agree: legal forms before, after and inside, small kana,
# widths, names that begin others with three and with four characters, names that are none.
ORGANISATIONS = (
    (
        *("株式会社連携工業", "㈱連携工業", "(株)連携工業", "（株）　連携 工業", "連携工業㍿", "連携工業"),
        *("連携工業株式会社東京支店", "連携工業 大阪支店", "連携工", "株式会社 連携", "新連携工業"),
    ),
    (
        *("キャノン精機株式会社", "キヤノン精機", "ｷｬﾉﾝ精機(株)", "キャノン精機　（有）大阪", "きゃのん精機"),
        *("有限会社キャノ", "キャノン", "特例有限会社キヤノン精", "株式 会社キャノン精機"),
    ),
    (
        *("Acme Trading Co., Ltd.", "ＡＣＭＥ　ＴＲＡＤＩＮＧ", "acme trading", "ACME TRADING INC.", "ACM"),
        *("Acme", "株式会社ACME", "Acme Trading Tokyo K.K.", "A, Inc.", "Ａ，ＩＮＣ．", "ACME LLC"),
    ),
    (
        *(
            "社会福祉法人みどり会",
            "みどり会",
            "(福)みどり会",
            "社会福祉法人　みどり会　特養あおば",
            "みどりかい",
        ),
        *("医療法人社団みどり会", "みどり会ッ", "学校法人みどり", "みどり会ツ"),
    ),
    ("株式会社", "(有)", "　", "合同会社 ㈱", "-"),
)
DISPATCHED = ("派遣先株式会社", "(株)派遣先", "派遣先", "派遣先　大阪営業所")
# Three numbers of one telephone, two of another, one of seven digits, and some of fewer.
PHONES = (
    *("03-1234-5678", "0312345678", "０３（１２３４）５６７８", "06-1111-2222", "06 1111 2222"),
    *("123-4567", "1234567", "123-456", "123456", "なし"),
)
# Places: prefecture said or not, one municipality in two prefectures, one that begins another, wards, none.
PLACES = (
    *("", "", "東京都", "東京都新宿区西新宿2-8-1", "新宿区西新宿2-8-1", "東京都 新宿区1", "東京都港区芝1-2"),
    *(
        "東京都府中市宮町2",
        "広島県府中市府川町",
        "府中市",
        "東村山市本町1",
        "東京都東村山市本町1",
        "東村平良",
    ),
    *("大阪府大阪市北区中之島1", "大阪市北区", "大阪市", "大阪府", "京都府京都市中京区", "どこか1-2"),
    *("西多摩郡瑞穂町", "東京都瑞穂町", "鎌ケ谷市1", "鎌ヶ谷市1", "鎌ｹ谷市1", "北海道札幌市中央区北1条"),
)
ADDRESSES = (
    "東京都新宿区西新宿二丁目8番1号",
    "新宿区西新宿2-8-1",
    "新宿区西新宿2−8−1",
    "東京都新宿区西新宿２丁目８番１号　第２ビル101号",
    "新宿区西新宿2-8-10",
    "新宿区西新宿2-8",
    "新宿区西新宿",
    "新宿区",
    "大阪府大阪市北区中之島一丁目３番２０号",
    "大阪市北区中之島1-3-20",
    "大阪市北区中之島十二丁目二十三番",
    "大阪市北区中之島12-23",
    "北海道札幌市中央区北1条西2丁目",
    "札幌市中央区北1条西2の1",
    "横浜市中区aタワー 5",
    "神奈川県横浜市中区Aタワー5",
    "京都府",
    '東京都港区, "芝"\n1-2',
)
CONTESTED_ADDRESSES = ("新宿区西新宿2番地の8", "新宿区西新宿2番8号の1", "新宿区西新宿2ー8ー1", "三の二")
DATES = (
    "1985-04-12",
    "1990-01-01",
    "1988-11-30",
    "1999-10-21",
    "2001-02-03",
    "1965-07-08",
    "1989-01-07",
    "2000-02-29",
)


def address(rng: random.Random, _value: str) -> str:
    return rng.choice(("", *ADDRESSES))


OTHER_VALUES: dict[str, Callable[[random.Random, str], str]] = {
    "nationality": nationality,
    "sex": sex,
    "status_of_residence": status,
    "extra_activity_permission": boolean,
    "address": address,
}


def item(rng: random.Random, column: str, value: str) -> str:
    """Another value for one of the comparable items, name apart."""
    if column in ("birth_date", "stay_expires_on"):
        return date(rng, value, column == "birth_date") if value else value
    return OTHER_VALUES[column](rng, value)
