"""`renkei officer`: accounts, duties and one-time codes, managed by a user of the node's machine.

The trail records these acts as the node's own. Officers with the duty `administer` do the same in the
console, under their own name.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from renkei.agreement.text import Lang
from renkei.cli import output
from renkei.cli.arguments import UnusableArguments
from renkei.cli.node_options import NodeOption, moment, start

if TYPE_CHECKING:
    from renkei.node.accounts.duties import Duty
    from renkei.node.accounts.models import Officer

app = typer.Typer(
    help="Officers' accounts, duties and one-time codes.", no_args_is_help=True, rich_markup_mode=None
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
OfficeOption = Annotated[
    str, typer.Option("--office", metavar="CODE", help="The Hello Work office; all of them by default.")
]
WithdrawOption = Annotated[bool, typer.Option("--withdraw", help="Withdraw the duty instead.")]


@app.command()
def add(
    name: NameArgument,
    node: NodeOption,
    display_name: Annotated[str, typer.Option("--display-name", help="The name that colleagues see.")],
    directory: Annotated[
        bool,
        typer.Option("--directory", help="An account of the agency's directory (OIDC): no password here."),
    ] = False,
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file",
            metavar="FILE",
            help="File whose first line is the password; by default you are asked.",
        ),
    ] = None,
    lang: output.LangOption = None,
) -> None:
    """Make an account; it has no permissions before it has a duty."""
    password = None if directory else _password(password_file, lang)
    start(node)
    from renkei.node.accounts import services

    services.create(name, display_name, password, by=None, now=moment())
    typer.echo(name)


@app.command("list")
def list_(node: NodeOption, as_json: output.JsonOption = False, lang: output.LangOption = None) -> None:
    """List accounts with their duties, and whether one-time codes are enrolled."""
    start(node)
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from renkei.node.accounts.models import Officer

    enrolled = set(TOTPDevice.objects.filter(confirmed=True).values_list("user_id", flat=True))
    rows = [
        {
            "name": officer.username,
            "active": officer.is_active,
            "local": officer.has_usable_password(),
            "codes": officer.pk in enrolled,
            "duties": [
                f"{each.duty}:{each.office}" if each.office else each.duty
                for each in officer.assignments.order_by("duty", "office")
            ],
        }
        for officer in Officer.objects.order_by("username").prefetch_related("assignments")
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        words = (
            ("有効", "active") if row["active"] else ("停止", "disabled"),
            ("パスワード", "local") if row["local"] else ("OIDC", "directory"),
            ("確認コードあり", "codes") if row["codes"] else ("確認コードなし", "no codes"),
        )
        duties = row["duties"]
        said = "  ".join(output.one_of(each, lang) for each in words)
        typer.echo(
            f"{row['name']}  {said}  {' '.join(duties) if isinstance(duties, list) and duties else '-'}"
        )


@app.command()
def disable(
    name: NameArgument,
    node: NodeOption,
    enable: Annotated[bool, typer.Option("--undo", help="Enable it again.")] = False,
    lang: output.LangOption = None,
) -> None:
    """Disable an account; its sessions end at the next page, its acts stay in the trail."""
    start(node)
    from renkei.node.accounts import services

    services.set_active(_officer(name), enable, by=None, now=moment())


@app.command()
def duty(
    name: NameArgument,
    duties: Annotated[
        list[str], typer.Argument(metavar="DUTY…", help="operate, handle_cases, audit, administer.")
    ],
    node: NodeOption,
    office: OfficeOption = "",
    withdraw: WithdrawOption = False,
    lang: output.LangOption = None,
) -> None:
    """Give duties to an officer, or withdraw them."""
    start(node)
    from renkei.node.accounts import services

    act = services.revoke if withdraw else services.grant
    for each in map(_duty, duties):
        act(_officer(name), each, office, by=None, now=moment())


@app.command()
def enrol(
    name: NameArgument,
    node: NodeOption,
    anew: Annotated[
        bool,
        typer.Option("--anew", help="Remove the codes enrolled before, for example if a telephone was lost."),
    ] = False,
    lang: output.LangOption = None,
) -> None:
    """Enrol one-time codes: print the otpauth address once, then ask for a first code."""
    start(node)
    from renkei.node.accounts import services

    officer = _officer(name)
    if anew:
        services.remove_devices(officer, by=None, now=moment())
    typer.echo(services.enrol(officer).config_url)
    question = output.one_of(("認証アプリに登録し、表示された確認コード", "First code of the app"), lang)
    services.confirm(officer, str(typer.prompt(question, err=True)).strip())
    typer.echo(output.one_of(("確認コードを登録しました。", "One-time codes are enrolled."), lang))


def _password(path: Path | None, lang: Lang | None) -> str:
    if path is None:
        question = output.one_of(("初期パスワード", "First password"), lang)
        return str(typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True))
    lines = path.read_text("utf-8").splitlines()
    if not lines or path.stat().st_mode & 0o077:
        raise UnusableArguments(
            f"{path.name}: empty, or others can read it. Use chmod 600.",
            f"{path.name}: 空か、他の利用者が読めます。chmod 600としてください。",
        )
    return lines[0]


def _officer(name: str) -> "Officer":
    from renkei.node.accounts.models import Officer

    found = Officer.objects.filter(username=name).first()
    if found is None:
        raise UnusableArguments(
            f"There is no account {name}. See `renkei officer list`.",
            f"職員番号{name}は登録されていません。`renkei officer list`を確認してください。",
        )
    return found


def _duty(name: str) -> "Duty":
    from renkei.node.accounts.duties import Duty

    if name not in Duty.values:
        raise UnusableArguments(
            f"{name}: not a duty. The duties are {', '.join(Duty.values)}.",
            f"{name}: 職務ではありません。{', '.join(Duty.values)}のいずれかです。",
        )
    return Duty(name)
