"""The hook that keeps personal data out of the repository."""

import re
from pathlib import Path

import pytest

import pii_hook


def test_the_tree_holds_no_personal_data_no_keys_and_no_machine_paths():
    assert [str(finding) for finding in pii_hook.search_files(pii_hook.tree())] == []


# Written in two parts; otherwise the hook would refuse this file.
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("number UH" + "48201957KD", "residence card number"),
        ("number uh" + "48201957kd", "residence card number"),
        ("番号ＵＨ" + "４８２０１９５７ＫＤ", "residence card number"),
        ("UH " + "48201957 KD", "residence card number"),
        ("個人番号 5832" + "91740265", "my number (個人番号)"),
        ("5832-" + "9174-0265", "my number (個人番号)"),
        ("passport TR" + "4820195", "passport number"),
        ("090-" + "4820-1957", "mobile phone number"),
        ("write to taro@" + "nihon-denki.co.jp", "mail address"),
        ("-----BEGIN EC PRIVATE" + " KEY-----", "private key"),
        ("see /ho" + "me/taro/renkei", "path of somebody's machine"),
        ("C:\\Us" + "ers\\taro", "path of somebody's machine"),
    ],
)
def test_what_looks_real_is_refused_without_repeating_it(text: str, kind: str):
    found = list(pii_hook.search(f"first line\n{text}\n", "notes.md"))

    assert [str(finding) for finding in found] == [f"notes.md:2: {kind}"]


@pytest.mark.parametrize(
    "text",
    [
        "AB12345678CD",
        "ab00000001cd",
        "AB 00004711 CD",
        "XY99999999ZZ",
        "123456789018",
        "583291740266",  # twelve digits, but the last is not the check digit
        "2026-04-01T10:20:30",
        "officer@example.jp",
        "/usr/bin/env",
        "https://example.org/home/page",
        "03-1234-5678",
        "090-0000-0001",
        "sha256:9207708da9f2e2a248f39c457b2fccad26ec42e7",
    ],
)
def test_what_is_plainly_made_up_or_no_personal_data_passes(text: str):
    assert list(pii_hook.search(text)) == []


@pytest.mark.parametrize("ending", [".parquet", ".xlsx", ".pem"])
def test_files_nobody_can_review_are_refused(ending: str):
    path = pii_hook.ROOT / f"data{ending}"

    assert [finding.kind for finding in pii_hook.search_files([path])] == [
        f"{ending} files are not committed"
    ]


def test_the_command_says_what_it_found_and_fails(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(pii_hook, "ROOT", tmp_path)
    bad = tmp_path / "list.csv"
    bad.write_text("card_number\nUH" + "48201957KD\n", encoding="utf-8")

    assert pii_hook.main([str(bad)]) == 1
    assert capsys.readouterr().out.startswith("list.csv:2: residence card number\n")


def test_the_commit_hooks_need_no_network():
    config = (pii_hook.ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert set(re.findall(r"^  - repo: (.+)$", config, re.MULTILINE)) == {"local"}
