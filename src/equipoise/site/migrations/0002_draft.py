"""Drafts: what was typed and not given yet."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of drafts."""

    dependencies = (("equipoise_site", "0001_initial"),)
    operations = (
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.CharField(max_length=200)),
                ("place", models.CharField(max_length=200)),
                ("typed", models.JSONField(default=dict)),
                ("saved", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "place"), name="one_draft_a_place")],
            },
        ),
    )
