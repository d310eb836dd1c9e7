"""Les cas chiffrés, importés dans la base et comparés au contrat, exactement (tests/cas/README.md).

`phrase` et `message` sont libres ; de `controles`, seul compte que RG-14 bloque ou non.
"""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

ICI = Path(__file__).parent
CAS = sorted(chemin.parent for chemin in ICI.rglob("cas.json"))
LIBRES = {"phrase", "message"}

pytestmark = pytest.mark.django_db


def _comparable(valeur: Any) -> Any:
    """L'objet sans ce qui est libre ; des contrôles il ne reste que « RG-14 bloque »."""
    if isinstance(valeur, dict):
        gardees = {cle: _comparable(contenu) for cle, contenu in valeur.items() if cle not in LIBRES | {"controles"}}
        if "controles" in valeur:
            gardees["rg_14_bloque"] = any(
                controle["regle"] == "RG-14" and controle["niveau"] == "bloquant" for controle in valeur["controles"]
            )
        return gardees
    if isinstance(valeur, list):
        return [_comparable(contenu) for contenu in valeur]
    return valeur


def _executer(commande: list[str]) -> Any:
    sortie = StringIO()
    call_command(*commande, stdout=sortie)
    return json.loads(sortie.getvalue())


@pytest.mark.regle("RG-33")
@pytest.mark.parametrize("dossier", CAS, ids=lambda dossier: str(dossier.relative_to(ICI)))
def test_le_cas_tombe_juste(dossier: Path) -> None:
    cas = json.loads((dossier / "cas.json").read_text(encoding="utf-8"))
    for imports in cas["imports"]:
        call_command("importer", *(str(dossier / chemin) for chemin in imports), stdout=StringIO())
    for verification in cas["verifications"]:
        attendu = json.loads((dossier / verification["attendu"]).read_text(encoding="utf-8"))
        assert _comparable(_executer(verification["commande"])) == _comparable(attendu)


def test_tous_les_cas_tiennent_dans_une_meme_base() -> None:
    """Les bailleurs des cas sont distincts : importés ensemble, ils donnent les mêmes résultats."""
    petits = [dossier for dossier in CAS if dossier.name not in {"cas-note", "03-cent-sur-a"}]
    lus = [(dossier, json.loads((dossier / "cas.json").read_text(encoding="utf-8"))) for dossier in petits]
    for dossier, cas in lus:
        for imports in cas["imports"]:
            call_command("importer", *(str(dossier / chemin) for chemin in imports), stdout=StringIO())
    for dossier, cas in lus:
        for verification in cas["verifications"]:
            attendu = json.loads((dossier / verification["attendu"]).read_text(encoding="utf-8"))
            assert _comparable(_executer(verification["commande"])) == _comparable(attendu), dossier.name
