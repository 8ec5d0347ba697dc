"""The root of every error that Renkei raises on purpose.

RenkeiError
├── PolicyError          agreement.decisions: a decision that does not exist or cannot take that value
├── UnknownCode          agreement.tables: a code that has no row in the closed list it should be of
├── RefusedFile          matching.reading: a file that is refused whole
├── NoSpark, SparkFailed  matching.spark_failures: the distributed engine does not start, or failed
├── UnusableOutput       matching.explain: a directory that holds no output of reconcile
├── UnknownCase          matching.explain: an identifier that no file of the output speaks of
├── FlawError            simulation.flaws: a flaw that does not exist or cannot have that rate
├── UnusableArguments    cli: arguments that cannot be acted on
└── DoesNotServe         cli.served: a node's process ended before it served
"""

from renkei.agreement.text import Lang


class RenkeiError(Exception):
    """Something Renkei refuses, said in English and in Japanese.

    The sentences name files, lines, columns and what to do next; they never carry a value from a row,
    since values are personal data (申合せ6).
    """

    def __init__(self, en: str, ja: str) -> None:
        super().__init__(en)
        self.en = en
        self.ja = ja

    def say(self, lang: Lang) -> str:
        """Return the sentence in the asked language."""
        return self.ja if lang == "ja" else self.en


class UnknownCode(RenkeiError):
    """A code that has no row in the closed list that it should be of."""
