"""How many persons the search for candidates left out, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("candidates", "0001_initial")]
    operations = [
        migrations.AddField("notfound", "left_out", models.TextField(db_default="")),
    ]
