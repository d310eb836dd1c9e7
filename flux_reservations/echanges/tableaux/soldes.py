"""Tableau `soldes_ouverture` (RG-47) : le solde de la fin de N−1 d'un compte, saisi à l'ouverture de N."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from attributions.domaine.codes import OrigineSolde
from attributions.models import SoldeOuverture
from conventions.domaine.codes import SousContingent, TypeReservataire
from conventions.models import Bailleur, Convention
from flux_reservations.echanges.colonnes import Choix, Colonne, Texte
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Decimale, Entier
from flux_reservations.echanges.references import BAILLEUR, chercher, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne

_BORNE = Decimal(10) ** 7


class SoldesOuverture(TableauModele):
    """Le tableau `soldes_ouverture`."""

    nom = "soldes_ouverture"
    modele = SoldeOuverture
    colonne_cle = "convention"
    cle_base = ("convention_id", "sous_contingent", "annee", "origine")
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("convention", Texte(60), obligatoire=True),
        colonne_de(SoldeOuverture, "sous_contingent", Choix.de(SousContingent, sauf=["repli"])),
        colonne_de(SoldeOuverture, "annee", Entier(2000, 2200), obligatoire=True),
        colonne_de(SoldeOuverture, "report", Decimale(4, -_BORNE, _BORNE), obligatoire=True),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Le compte est celui de la première version de la convention citée (RG-16)."""
        resoudre_bailleurs(suivi, lot)
        conventions = chercher(
            suivi,
            lot,
            "convention",
            Convention.objects.all(),
            attribut="numero",
            tableau="conventions",
            article="Convention",
            plus=("origine_id", "reservataire__type"),
        )
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            convention = conventions.get(ligne.numero)
            if convention is None or ligne.fautive:
                continue
            pk, _, origine, type_ = convention
            sous_contingent = ligne.champs.setdefault("sous_contingent", "")
            if (type_ == TypeReservataire.ETAT) != bool(sous_contingent):
                message = (
                    "Seul l'État a des sous-contingents : videz la cellule."
                    if sous_contingent
                    else "Un solde de l'État est celui des prioritaires ou des agents : précisez."
                )
                suivi.refuser(ligne, "sous_contingent", message)
                continue
            ligne.champs |= {"convention_id": origine or pk, "origine": OrigineSolde.SAISI.value}
            ligne.cle = tuple(ligne.champs[attribut] for attribut in self.cle_base)

    def lire_existants(self, cles: Any) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]]:
        """Soldes saisis ; à défaut, celui qu'un bilan a arrêté, qui vaut déjà s'il est le même."""
        existants = super().lire_existants(cles)
        arretes = super().lire_existants({(*cle[:3], OrigineSolde.BILAN.value) for cle in cles})
        for (*debut, _), (pk, valeurs) in arretes.items():
            existants.setdefault(
                (*debut, OrigineSolde.SAISI.value), (pk, valeurs | {"origine": OrigineSolde.SAISI.value})
            )
        self._arretes = {pk for pk, _ in arretes.values()}
        return existants

    def mettre_de_cote(
        self,
        suivi: Suivi,
        creations: list[tuple[Ligne, dict[str, Any]]],
        modifications: list[tuple[int, dict[str, Any]]],
    ) -> None:
        """Un solde arrêté par un bilan publié ne se modifie pas : la saisie s'inscrit à côté, et le bilan l'emporte."""
        saisis = [(pk, complet) for pk, complet in modifications if pk not in self._arretes]
        a_cote = [complet for pk, complet in modifications if pk in self._arretes]
        for complet in a_cote:
            suivi.avertir(
                None,
                "report",
                f"Un bilan publié a arrêté ce solde pour {complet['annee']} : il l'emporte sur la saisie.",
            )
            suivi.reserve.creer([(suivi.reserve.reserver(1)[0], complet)])
        super().mettre_de_cote(suivi, creations, saisis)

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Un solde par compte et par année : celui du bilan publié s'il existe."""
        requete = (
            SoldeOuverture.objects.filter(convention__bailleur=bailleur)
            .select_related("convention")
            .order_by("convention__numero", "sous_contingent", "annee", "origine")
        )
        vus: set[tuple[int, str, int]] = set()
        # « bilan » vient avant « saisi » dans l'ordre.
        for solde in requete:
            cle = (solde.convention_id, solde.sous_contingent, solde.annee)
            if cle not in vus:
                vus.add(cle)
                yield self.lire_champs(solde) | {"bailleur": bailleur.siren, "convention": solde.convention.numero}
