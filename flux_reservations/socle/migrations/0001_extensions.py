"""Extensions PostgreSQL : exclusions de périodes, recherche sans accents et par fragments."""

from __future__ import annotations

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Les trois extensions, livrées avec PostgreSQL."""

    initial = True

    operations = [BtreeGistExtension(), TrigramExtension(), UnaccentExtension()]
