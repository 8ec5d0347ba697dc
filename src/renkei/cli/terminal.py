"""The console of `rich` for tables and pages on standard output."""

import rich.console


class Console(rich.console.Console):
    """A console that leaves a closed pipe to the command line, which then ends quietly (`cli.main`)."""

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError on; `rich` itself would end the process with 1."""
        raise
