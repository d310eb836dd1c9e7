"""Les fiches RPLS passent aux conventions, que l'état des lieux lit (RG-18) : la table reste, `conventions` 0013 la renomme."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """L'état seul change ici."""

    dependencies = [("echanges", "0010_imports_par_jeton")]

    operations = [migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="FicheRpls")])]
