"""`renkei backup`, `restore` and `restored`: back up a node, restore it, and then compare its numbers.

`restored` is a group beside the command `restore FILE`: a subcommand of `restore` could not be told from a
file of that name.
"""

from pathlib import Path
from typing import Annotated

import typer

from renkei.cli import exchange_options, extras, output
from renkei.cli.arguments import UnusableArguments
from renkei.cli.node_options import NodeOption, moment, start

restored = typer.Typer(
    help="After a restore: compare the numbers of deliveries with the counterpart's, then continue.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist.")],
    node: NodeOption,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="CERT", help="Certificate of the backup key: seal the backup for it."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Do not seal it; not in production. It contains personal data.")
    ] = False,
    lang: output.LangOption = None,
) -> None:
    """Write the node's database, configuration and exchange, as they are at one moment, into one file."""
    if (to is None) != plain:
        raise UnusableArguments(
            "Give either --to CERT, to seal the backup, or --plain.",
            "--to CERT(暗号化)又は--plainのどちらか一方を指定してください。",
        )
    start(node)
    from renkei.exchange.keys import read_certificate
    from renkei.node.operations.backup import back_up

    certificate = read_certificate(to.read_bytes()) if to else None
    made = back_up(file.absolute(), certificate, moment())
    words = (
        f"バックアップを作成しました: {file}(ファイル{len(made.files)}件)",
        f"Backup made: {file} ({len(made.files)} files)",
    )
    typer.echo(output.one_of(words, lang))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    node: Annotated[
        Path,
        typer.Option("--node", envvar="RENKEI_NODE", metavar="DIR", help="The node's new directory."),
    ],
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The backup key (PKCS#8, encrypted).")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--cert", metavar="FILE", help="The backup key's certificate.")
    ] = None,
    passphrase_file: exchange_options.PassphraseOption = None,
    lang: output.LangOption = None,
) -> None:
    """Restore a backup into a new directory and an empty database; every hash is checked first.

    The node seals nothing before `renkei restored confirm`.
    """
    extras.require_node()  # before a passphrase is asked for
    # There is no node yet, so this module works without Django.
    from renkei.node.operations.restore import read_key
    from renkei.node.operations.restore import restore as restore_node

    if (key is None) != (certificate is None):
        raise UnusableArguments(
            "A sealed backup needs both --key and --cert.",
            "暗号化されたバックアップには--keyと--certの両方が必要です。",
        )
    keys = []
    if key and certificate:
        keys.append(read_key(key, certificate, exchange_options.passphrase(passphrase_file, lang)))
    found = restore_node(file, node.absolute(), keys)
    numbers = ", ".join(f"{service} {number}" for service, number in found.last_sent.items()) or "-"
    words = (
        f"{found.made_at}のバックアップを{node}に復元しました。最後の番号: {numbers}。"
        "次は`renkei restored confirm`で番号を相手方と照合してください。それまで何も封緘しません。",
        f"Restored the backup of {found.made_at} into {node}. Last numbers: {numbers}. "
        "Next: `renkei restored confirm` compares them with the counterpart's; nothing is sealed before.",
    )
    typer.echo(output.one_of(words, lang))


@restored.command("confirm")
def confirm(
    node: NodeOption,
    last: Annotated[
        list[str] | None,
        typer.Option(
            "--last", metavar="SERVICE=NUMBER", help="The counterpart's last number, without network."
        ),
    ] = None,
    told_by: Annotated[
        str, typer.Option("--told-by", help="Who on the other side gave the numbers (with --last).")
    ] = "",
    lang: output.LangOption = None,
) -> None:
    """Ask the counterpart whether it has later deliveries of ours than we have; if not, continue."""
    start(node)
    from renkei.node.deliveries import restore_check
    from renkei.node.deliveries.transport.client import Client
    from renkei.node.deliveries.transport.protocol import Unreachable

    if last:
        if not told_by.strip():
            raise UnusableArguments(
                "Name with --told-by who gave the numbers.", "--told-byで番号を伝えた人を指定してください。"
            )
        restore_check.confirm_by_word(_numbers(last), told_by)
    else:
        try:
            restore_check.confirm(Client(moment()))
        except Unreachable as fault:
            raise UnusableArguments(
                f"The counterpart does not answer ({fault.trouble}). Try later, or ask by telephone for "
                "its last number from us in each service and give them with --last and --told-by.",
                f"相手方が応答しません({fault.trouble})。後で再試行するか、電話で各種別の最後の番号を聞き、"
                "--lastと--told-byで指定してください。",
            ) from None
    words = ("照合が済みました。処理を続けられます。", "Compared. The node can continue.")
    typer.echo(output.one_of(words, lang))


@restored.command()
def recover(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Copies of the counterpart's exchange/inbox/SERVICE/NUMBER.")
    ],
    node: NodeOption,
    lang: output.LangOption = None,
) -> None:
    """Copy deliveries sent after the backup into our outbox again, so that no number is used twice."""
    start(node)
    from renkei.node.deliveries import restore_check

    for name in restore_check.recover(directory, moment()):
        typer.echo(name)


def _numbers(last: list[str]) -> dict[str, int]:
    found = {}
    for each in last:
        service, _, number = each.partition("=")
        if not number.isdecimal():
            raise UnusableArguments(
                f"--last {each}: write it as annex1=12.", f"--last {each}: annex1=12のように書いてください。"
            )
        found[service] = int(number)
    return found
