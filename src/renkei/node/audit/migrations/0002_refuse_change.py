"""The database refuses to change the trail (`renkei.node.audit.triggers`)."""

from django.db import migrations

from renkei.node.audit import triggers


class Migration(migrations.Migration):
    """Triggers on the tables of 0001."""

    dependencies = (("audit", "0001_initial"),)
    operations = (
        migrations.RunPython(
            lambda apps, editor: triggers.install(editor.connection),
            lambda apps, editor: triggers.remove(editor.connection),
        ),
    )
