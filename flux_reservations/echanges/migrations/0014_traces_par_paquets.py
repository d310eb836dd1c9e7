"""La trace d'un import s'écrit par paquets de lignes ; celles qui sont gardées deviennent des paquets d'une ligne."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models

REUNIR = """
DO $$
DECLARE tracee text;
BEGIN
    FOR tracee IN SELECT DISTINCT "table" FROM echanges_trace LOOP
        IF to_regclass(tracee) IS NULL THEN
            DELETE FROM echanges_trace WHERE "table" = tracee;
        ELSE
            EXECUTE format(
                'UPDATE echanges_trace SET lignes = ARRAY[ligne], etats = ARRAY[avant],'
                ' empreintes = ARRAY[hash_record_extended(jsonb_populate_record(NULL::%I, apres), 0)] WHERE "table" = %L',
                tracee, tracee
            );
        END IF;
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    """Trois listes au lieu de trois valeurs."""

    dependencies = [("echanges", "0013_lignes_des_exports")]

    operations = [
        migrations.RemoveIndex(model_name="trace", name="trace_ligne"),
        migrations.AddField(
            model_name="trace",
            name="lignes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None, verbose_name="clés des lignes"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="trace",
            name="etats",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.JSONField(null=True), default=list, size=None, verbose_name="ce qu'elles étaient"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="trace",
            name="empreintes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(null=True),
                default=list,
                size=None,
                verbose_name="empreintes de ce qu'elles sont devenues",
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(REUNIR, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="trace", name="ligne"),
        migrations.RemoveField(model_name="trace", name="avant"),
        migrations.RemoveField(model_name="trace", name="apres"),
    ]
