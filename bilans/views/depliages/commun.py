"""Ce que les dépliages partagent : le compte demandé, l'adresse d'un autre détail, la liste des logements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.urls import reverse

from attributions.domaine.codes import COMPTE_BAILLEUR
from attributions.domaine.decompte import PHRASES
from attributions.models import Liberation
from bilans.calcul import CalculAnnuel
from bilans.domaine.comptes import CompteAnnuel
from bilans.views.champ import Champ, nommer_les_comptes
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import (
    Lien,
    ecrire_date_courte,
    ecrire_nombre,
)
from flux_reservations.socle.vues import Depliage

Demande = Mapping[str, str]
"""Ce que l'adresse demande : `quoi`, et `compte`, `convention`, `ligne`, `commune`, `dimension`, `modalite` selon le nombre."""


def nom_du_compte(compte: CompteAnnuel) -> str:
    """Le nom lisible d'un compte (une requête)."""
    return nommer_les_comptes([compte.compte])[compte.compte]


def est_le_bailleur(compte: CompteAnnuel) -> bool:
    """Vrai pour le non réservé."""
    return compte.reservataire is None and not compte.sous_contingent


def trouver_compte(calcul: CalculAnnuel, demande: Demande) -> CompteAnnuel:
    """Le compte que l'adresse demande, par son code et sa convention ; lève `Introuvable`."""
    nom, convention = demande.get("compte", ""), demande.get("convention", "")
    if nom == COMPTE_BAILLEUR:
        return calcul.flux.non_reserve
    for compte in calcul.flux.comptes:
        if compte.compte == nom and compte.convention == convention:
            return compte
    raise Introuvable


def dire_les_raisons(comptes: Iterable[CompteAnnuel]) -> dict[int, str]:
    """Par libération décomptée à ces comptes, pourquoi elle l'est (RG-46)."""
    return {
        decompte.liberation: PHRASES[decompte.imputation.raison] for compte in comptes for decompte in compte.decomptes
    }


def adresse_du_detail(champ: Champ, **quoi: object) -> str:
    """L'adresse qui déplie un nombre de ce champ."""
    return f"{reverse('flux_detail')}?{champ.parametres(**quoi)}"


def detail_du_compte(champ: Champ, compte: CompteAnnuel, quoi: str, **plus: object) -> str:
    """L'adresse qui déplie un nombre d'un compte."""
    return adresse_du_detail(champ, quoi=quoi, compte=compte.compte, convention=compte.convention, **plus)


def depliage_en_tableau(
    champ: Champ,
    titre: str,
    total: str,
    entetes: Iterable[str],
    lignes: list[list[str]],
    regle: str,
    explication: str,
) -> Depliage:
    """Un dépliage en lignes et colonnes, lu au titre du 31 décembre de l'année."""
    return Depliage(
        titre=f"{titre}, {champ.annee}",
        total=total,
        entetes=list(entetes),
        lignes=lignes,
        regle=regle,
        au_titre_de=f"{champ.annee}-12-31",
        explication=explication,
        fil=[("Flux", f"{reverse('flux')}?{champ.parametres()}")],
    )


def depliage_de_logements(
    champ: Champ,
    titre: str,
    identifiants: Iterable[int],
    regle: str,
    explication: str,
    raisons: Mapping[int, str] | None = None,
) -> Depliage:
    """Un logement par ligne ; son numéro mène à sa fiche."""
    identifiants = list(identifiants)
    liberations = (
        Liberation.objects.visibles_par(champ.acteur)
        .filter(pk__in=identifiants)
        .select_related("logement__commune")
        .order_by("date_bail", "numero")
    )
    entetes = ["Libération", "Logement", "Commune", "Type", "Financement", "Bail"]
    lignes = [
        [
            Lien(liberation.numero, reverse("liberation", args=[liberation.pk])),
            liberation.logement.adresse or liberation.logement.identifiant,
            liberation.logement.commune.nom,
            liberation.logement.typologie,
            liberation.logement.financement or "—",
            ecrire_date_courte(liberation.date_bail),
            *([raisons.get(liberation.pk, "")] if raisons is not None else []),
        ]
        for liberation in liberations
    ]
    if raisons is not None:
        entetes.append("Décompté parce que")
    return depliage_en_tableau(champ, titre, ecrire_nombre(len(identifiants)), entetes, lignes, regle, explication)
