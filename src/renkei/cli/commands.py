"""Every command, put together."""

from typing import Annotated

import typer

from renkei.cli import audit, exchange, incident, node, operations, speech
from renkei.cli.agreement import agreement
from renkei.cli.arguments import PolicyOption
from renkei.cli.demo import demo
from renkei.cli.evaluate import evaluate
from renkei.cli.explain import explain
from renkei.cli.learn import learn
from renkei.cli.prepare import prepare
from renkei.cli.reconcile import reconcile
from renkei.cli.simulate import simulate

app = typer.Typer(
    help="Renkei: link foreigner employment notifications with residence records (申合せ 2021-03-18).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show personal data
    rich_markup_mode=None,
)
for command in (simulate, prepare, reconcile, explain, evaluate, learn, demo):
    app.command()(command)

_agreement = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
exchange.mount_agreement(_agreement)
app.add_typer(_agreement, name="agreement")
exchange.mount(app)
node.mount(app)
app.add_typer(audit.app, name="audit")
app.add_typer(incident.app, name="incident")
operations.mount(app)


@_agreement.callback()
def print_agreement(
    context: typer.Context,
    policy: PolicyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    lang: speech.LangOption = None,
) -> None:
    """Print the agreement; sign and verify the file that both parties load."""
    if context.invoked_subcommand is None:
        agreement(policy, as_json, lang)
