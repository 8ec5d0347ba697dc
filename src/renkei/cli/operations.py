"""The commands of an administrator: the doctor, backup and restore, accounts."""

import typer

from renkei.cli import backup, doctor, officer


def mount(app: typer.Typer) -> None:
    """Add these commands to an application."""
    app.command("doctor")(doctor.doctor)
    app.command("backup")(backup.backup)
    app.command("restore")(backup.restore)
    app.add_typer(backup.restored, name="restored")
    app.add_typer(officer.app, name="officer")
