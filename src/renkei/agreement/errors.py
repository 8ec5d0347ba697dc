"""The root of every error that Renkei raises on purpose.

RenkeiError
├── PolicyError          agreement.decisions: a decision that does not exist or cannot take that value
├── UnknownCode          agreement.tables: a code that has no row in its closed list
├── RefusedFile          matching.reading: a file that is rejected as a whole
├── UnusableFile         matching.writing: a place or a format in which a file cannot be written
├── ImplausibleInput     matching.plausibility: input that cannot be true; a reason confirms it
├── ParametersError      matching.candidates.parameters: a file of parameters that cannot be used
├── NoSpark, SparkFailed  matching.spark.failures: the distributed engine does not start, or failed
├── UnusableOutput       matching.results: a directory that holds no complete output of reconcile
├── UnknownCase          matching.explain: an identifier that is in no file of the output
├── FlawError            simulation.flaws: a flaw that does not exist, or a rate that it cannot have
├── CmsError             exchange.errors: see there
├── ExchangeError        exchange.errors: see there
├── NodeError            node.errors: see there
├── UnusableArguments    cli.arguments: arguments that cannot be used
└── CommandFailed, DoesNotServe  cli.rehearsal: a command of the rehearsal failed; a node did not start
"""

from typing import ClassVar

from renkei.agreement.text import Lang


class RenkeiError(Exception):
    """Something that Renkei refuses, described in English and in Japanese.

    The sentences name files, lines, columns and what to do next. They never contain a value from a row,
    because values are personal data (申合せ6).

    `exit_status` is what a command ends with (reconciliation §8): 2 for arguments or a file that cannot be
    used, 3 for implausible input, 1 for a fault of the machine.
    """

    exit_status: ClassVar[int] = 2

    def __init__(self, en: str, ja: str) -> None:
        super().__init__(en)
        self.en = en
        self.ja = ja

    def say(self, lang: Lang) -> str:
        """Return the sentence in the given language."""
        return self.ja if lang == "ja" else self.en


class UnknownCode(RenkeiError):
    """A code that has no row in its closed list."""
