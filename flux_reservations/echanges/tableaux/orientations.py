"""Tableau `orientations` (RG-41 à RG-46) : le compte choisi pour une libération, et ce qui s'ensuit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db import connection
from django.db.models import Value

from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, code_compte
from attributions.models import Liberation, Orientation, Proposition
from conventions.domaine.codes import SousContingent, TypeReservataire
from conventions.models import Bailleur, Reservataire
from flux_reservations.echanges.colonnes import Colonne, Texte
from flux_reservations.echanges.masse import MiseDeCote
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import Entier
from flux_reservations.echanges.references import (
    BAILLEUR,
    chercher,
    dire_reservataire_inconnu,
    resoudre_bailleurs,
)
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.valeurs import Instant, Json

OCCUPANTES = frozenset({Issue.EN_COURS.value, Issue.BAIL.value})
"""Issues dont une libération n'a qu'une à la fois."""

_ELIGIBLES = """
SELECT cas.ligne
FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::bigint[], %s::date[]) AS cas(ligne, reservataire, sous_contingent, liberation, jour)
JOIN attributions_liberation l ON l.id = cas.liberation
JOIN conventions_logement g ON g.id = l.logement_id
JOIN territoires_commune k ON k.code = g.commune_id
WHERE NOT EXISTS (
    SELECT 1 FROM conventions_convention c
    JOIN conventions_droit d ON d.convention_id = c.id AND d.sous_contingent = cas.sous_contingent
    JOIN conventions_droit_perimetre p ON p.droit_id = d.id
    JOIN territoires_territoirecommune t ON t.territoire_id = p.territoire_id AND t.commune_id = g.commune_id
    WHERE c.bailleur_id = l.bailleur_id AND c.reservataire_id = cas.reservataire AND c.departement_id = k.departement_id
      AND c.periode_vigueur @> cas.jour
)
"""


class ReserveOrientations(MiseDeCote):
    """Orientations à écrire ; `issues` retient l'issue de chaque rang des libérations du fichier."""

    def __init__(self) -> None:
        super().__init__(Orientation)
        self.issues: dict[int, dict[int, tuple[str, Ligne]]] = defaultdict(dict)
        self.a_verifier: list[tuple[int, int, str, int, Any]] = []
        self.comptes: dict[int, str] = {}
        self.modifiees: list[int] = []


class Orientations(TableauModele):
    """Le tableau `orientations`."""

    nom = "orientations"
    modele = Orientation
    colonne_cle = "rang"
    cle_base = ("liberation_id", "rang")
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("liberation", Texte(60), obligatoire=True),
        colonne_de(Orientation, "rang", Entier(1, 32767), obligatoire=True),
        Colonne("compte", Texte(60), obligatoire=True),
        *(
            colonne_de(Orientation, nom, obligatoire=nom == "date_orientation")
            for nom in (
                "date_orientation",
                "motif",
                "date_mise_a_disposition",
                "date_proposition",
                "nb_candidats",
                "date_caleol",
                "decision",
                "date_rendu",
                "issue",
                "public",
                "date_limite_prolongee",
                "compte_propose",
                "phrase",
            )
        ),
        colonne_de(Orientation, "decidee_le", Instant()),
        colonne_de(Orientation, "etat_comptes", Json()),
    )

    def ouvrir_reserve(self) -> ReserveOrientations:
        """Où mettre de côté."""
        return ReserveOrientations()

    def annonce(self, ligne: Ligne) -> str:
        """Libération et rang : ce que citent les candidats."""
        return f"{ligne.valeurs.get('liberation', '')}\t{ligne.valeurs.get('rang', '')}"

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La libération et le compte doivent exister."""
        resoudre_bailleurs(suivi, lot)
        liberations = chercher(
            suivi,
            lot,
            "liberation",
            Liberation.objects.all(),
            attribut="numero",
            tableau="liberations",
            article="Libération",
        )
        codes = {str(ligne.valeurs.get("compte", "")).partition("/")[0] for ligne in lot}
        reservataires = {
            reservataire.code: reservataire for reservataire in Reservataire.objects.filter(code__in=codes)
        }
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            self._poser_compte(suivi, ligne, reservataires)
            liberation = liberations.get(ligne.numero)
            if liberation is not None and "rang" in ligne.valeurs:
                ligne.champs["liberation_id"] = liberation[0]
                ligne.cle = (liberation[0], ligne.valeurs["rang"])

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Retient l'issue et le compte, jugés en fin de fichier."""
        del ancien
        reserve: ReserveOrientations = suivi.reserve
        reserve.issues[complet["liberation_id"]][complet["rang"]] = (complet["issue"], ligne)
        if complet["reservataire_id"] and complet["sous_contingent"] != SousContingent.REPLI:
            reserve.comptes[ligne.numero] = str(ligne.valeurs["compte"])
            reserve.a_verifier.append(
                (
                    ligne.numero,
                    complet["reservataire_id"],
                    complet["sous_contingent"],
                    complet["liberation_id"],
                    complet["date_orientation"],
                )
            )

    def mettre_de_cote(
        self,
        suivi: Suivi,
        creations: list[tuple[Ligne, dict[str, Any]]],
        modifications: list[tuple[int, dict[str, Any]]],
    ) -> None:
        """Garde ; une orientation d'un compte non éligible est acceptée et signalée (formats.md § 1)."""
        super().mettre_de_cote(suivi, creations, modifications)
        reserve: ReserveOrientations = suivi.reserve
        reserve.modifiees += [pk for pk, _ in modifications]
        if reserve.a_verifier:
            with connection.cursor() as curseur:
                curseur.execute(_ELIGIBLES, [list(colonne) for colonne in zip(*reserve.a_verifier, strict=True)])
                for (numero,) in sorted(curseur.fetchall()):
                    message = (
                        "Compte non éligible à cette date sur cette commune : l'orientation est gardée, à vérifier."
                    )
                    suivi.avertir(numero, "compte", message, valeur=reserve.comptes[numero])
            reserve.a_verifier.clear()
            reserve.comptes.clear()

    def conclure(self, suivi: Suivi) -> None:
        """Une libération n'a qu'une orientation en cours ou aboutie à la fois."""
        reserve: ReserveOrientations = suivi.reserve
        en_base: dict[int, list[int]] = defaultdict(list)
        requete = Orientation.objects.filter(liberation__in=list(reserve.issues), issue__in=OCCUPANTES)
        for liberation, rang in requete.values_list("liberation_id", "rang"):
            en_base[liberation].append(rang)
        for liberation, issues in reserve.issues.items():
            occupants = [rang for rang in en_base[liberation] if rang not in issues]
            for rang, (issue, ligne) in sorted(issues.items()):
                if issue in OCCUPANTES:
                    occupants.append(rang)
                    if len(occupants) > 1:
                        message = (
                            f"L'orientation de rang {occupants[0]} est déjà en cours ou aboutie : "
                            "dites son issue (carence, rendu, retire), ou celle-ci."
                        )
                        suivi.refuser(ligne, "issue", message)

    def ecrire(self, suivi: Suivi) -> None:
        """Les orientations changées cessent un instant d'occuper leur libération : l'ordre des lignes est indifférent."""
        reserve: ReserveOrientations = suivi.reserve
        if reserve.modifiees:
            with connection.cursor() as curseur:
                curseur.execute(
                    "UPDATE attributions_orientation SET issue = %s WHERE id = ANY(%s)",
                    [Issue.RETIRE.value, reserve.modifiees],
                )
        super().ecrire(suivi)
        # Une libération orientée n'attend plus : elle sort du lot.
        orientees = [
            liberation
            for liberation, issues in reserve.issues.items()
            if any(issue in OCCUPANTES for issue, _ in issues.values())
        ]
        Proposition.objects.filter(liberation__in=orientees).delete()

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les orientations du bailleur."""
        requete = Orientation.objects.filter(liberation__bailleur=bailleur).order_by(
            "liberation__date_disponibilite", "liberation__numero", "rang"
        )
        lignes = self.exporter_valeurs(
            requete,
            bailleur=Value(bailleur.siren),
            liberation="liberation__numero",
            reservataire="reservataire__code",
            sous_contingent="sous_contingent",
        )
        for ligne in lignes:
            yield ligne | {"compte": code_compte(ligne["reservataire"] or "", ligne["sous_contingent"])}

    @staticmethod
    def _poser_compte(suivi: Suivi, ligne: Ligne, reservataires: dict[str, Reservataire]) -> None:
        compte = ligne.valeurs.get("compte")
        if compte is None:
            return
        if compte == COMPTE_BAILLEUR:
            ligne.champs |= {"reservataire_id": None, "sous_contingent": ""}
            return
        code, _, sous_contingent = compte.partition("/")
        reservataire = reservataires.get(code)
        if reservataire is None:
            dire_reservataire_inconnu(suivi, ligne, "compte", code)
        elif reservataire.type == TypeReservataire.ETAT:
            if sous_contingent not in {"prioritaires", "agents", "repli"}:
                suivi.refuser(
                    ligne,
                    "compte",
                    f"Précisez le compte de l'État : {code}/prioritaires, {code}/agents ou {code}/repli.",
                )
        elif "/" in compte:
            suivi.refuser(ligne, "compte", f"Seul l'État a des sous-contingents : mettez {code}.")
        if reservataire is not None:
            ligne.champs |= {"reservataire_id": reservataire.pk, "sous_contingent": sous_contingent}
