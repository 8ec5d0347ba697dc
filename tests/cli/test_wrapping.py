"""Line breaks: between Japanese characters and between words, never on the wrong side of a mark."""

import pytest

from renkei.cli.explain import fold


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("在留管理情報", 8, ["在留管理", "情報"]),
        ("在留管理、情報", 8, ["在留管", "理、情報"]),  # no line begins with 、
        ("届出（別紙）", 6, ["届出", "（別", "紙）"]),  # no line ends with （
        ("one two three", 7, ["one two", "three"]),
        ("届出 grace_days", 10, ["届出", "grace_days"]),
        ("extraordinary", 5, ["extraordinary"]),  # a word is never cut
        ("※ は最新の番号", 8, ["※ は最新", "の番号"]),
        ("the record says “Student”. Then", 18, ["the record says", "“Student”. Then"]),
        ("what isn’t known", 8, ["what", "isn’t", "known"]),
        ("items ⑩–⑰ stay", 7, ["items", "⑩–⑰", "stay"]),
        ("届出に書かれた値。", 8, ["届出に書", "かれた", "値。"]),
        ("記録は「留学」です", 8, ["記録は", "「留学」", "です"]),
        ("한국어 이름", 6, ["한국어", "이름"]),
        ("a-word-that-is-wider next", 6, ["a-word-that-is-wider", "next"]),
    ],
)
def test_a_line_ends_where_a_reader_expects(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines
