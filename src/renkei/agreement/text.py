"""What is said to people: the two languages, and words that stand in both.

Every message, label and name that a person reads is a pair of words (`Words`). Codes have a `Meaning`.
"""

from typing import Literal, NamedTuple

#: The languages of every message: Japanese and English.
Lang = Literal["ja", "en"]


class Words(NamedTuple):
    """The same said in Japanese and in English."""

    ja: str
    en: str

    def say(self, lang: Lang) -> str:
        """Return it in the asked language."""
        return self.ja if lang == "ja" else self.en


class Meaning(NamedTuple):
    """What a code means: its short name, and a sentence for whoever reads one case."""

    name: Words
    sentence: Words
