"""Les plafonds relus après un import de conventions : l'existant est repris tel quel, mais ce qui dépasse est dit (RG-14, RG-15)."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from conventions.chargement import charger_conventions
from conventions.domaine.controles import Controle
from conventions.domaine.plafonds import controler_partage_des_garanties, controler_plafonds
from conventions.models import Convention
from flux_reservations.echanges.contexte import Contexte
from flux_reservations.territoires.models import Commune

TABLEAUX = frozenset({"conventions", "droits"})


def signaler_les_plafonds(contexte: Contexte) -> None:
    """Un avertissement par plafond dépassé, chez les bailleurs dont une convention ou un droit vient de changer.

    L'import n'est pas refusé (formats.md § 1) : le même contrôle bloque la signature dans l'application, et se lit à l'écran Flux.
    """
    changes = [un for un in contexte.rapport.fichiers if un.type in TABLEAUX and (un.crees or un.modifies)]
    if not changes:
        return
    couples = (
        Convention.objects.signees()
        .filter(bailleur_id__in=contexte.bailleurs_cherches())
        .values_list("bailleur_id", "departement_id", "bailleur__siren")
        .order_by("bailleur_id", "departement_id")
        .distinct()
    )
    for bailleur, departement, siren in couples:
        for message in _resumer(_controler(bailleur, departement)):
            contexte.rapport.avertir(changes[-1].fichier, f"Bailleur {siren}, département {departement} : {message}")


def _controler(bailleur: int, departement: str) -> list[Controle]:
    """Les dépassements, de la première convention à aujourd'hui ou à la dernière qui prendra effet."""
    versions = charger_conventions(bailleur, departement).conventions.versions
    if not versions:
        return []
    debut = min(version.debut for version in versions)
    fin = max(timezone.localdate(), *(version.debut for version in versions))
    noms = dict(Commune.objects.du_departement(departement).order_by().values_list("pk", "nom"))
    return [
        *controler_plafonds(versions, debut, fin, noms),
        *controler_partage_des_garanties(versions, debut, fin, noms),
    ]


def _resumer(controles: Iterable[Controle]) -> list[str]:
    """Un message par plafond : le dernier dépassement, et combien d'autres périodes."""
    par_plafond: dict[tuple[str, str], list[Controle]] = {}
    for controle in controles:
        par_plafond.setdefault((controle.regle, controle.message.partition(" : ")[0]), []).append(controle)
    messages = []
    for (regle, _), trouves in par_plafond.items():
        autres = f" De même sur {len(trouves) - 1} autres périodes." if len(trouves) > 1 else ""
        messages.append(f"{trouves[-1].message}{autres} ({regle}, {trouves[-1].niveau.value})")
    return messages
