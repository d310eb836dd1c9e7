"""Tableau `conventions` (RG-10 à RG-16) : une ligne est une version ; `avenant_de` chaîne les versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db import connection
from django.db.models.functions import Coalesce

from conventions.domaine.codes import EtatConvention
from conventions.models import Bailleur, Convention, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Nature
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte
from flux_reservations.echanges.masse import MiseDeCote, valeurs_par_defaut
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.nombres import taux
from flux_reservations.echanges.references import DEPARTEMENT, chercher_reservataires, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.controles_des_conventions import (
    controler_unicite,
    controler_version,
    journaliser_les_conventions,
    reserver_au_responsable,
)
from flux_reservations.echanges.tableaux.versions import ReserveConventions, chainer, composer_versions
from flux_reservations.territoires.models import Departement


class Conventions(TableauModele):
    """Le tableau `conventions`."""

    nom = "conventions"
    modele = Convention
    colonne_cle = "numero"
    cle_base = ("bailleur_id", "numero")
    colonnes: ClassVar = (
        colonne_de(Convention, "numero", obligatoire=True),
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("reservataire", Texte(40), obligatoire=True),
        Colonne("departement", DEPARTEMENT, obligatoire=True),
        *(
            colonne_de(Convention, nom)
            for nom in (
                "date_signature",
                "date_effet",
                "date_fin",
                "gestion",
                "delai_presentation_jours",
                "delai_unite",
                "carence_decomptee",
                "fait_generateur",
                "report",
                "report_plafond",
                "nb_candidats",
            )
        ),
        Colonne("delegataire", Texte(40), defaut=""),
        colonne_de(Convention, "motif_perimetre"),
        colonne_de(Convention, "premieres_locations"),
        colonne_de(Convention, "part_hors_qpv_min", taux()),
        colonne_de(Convention, "garde_hors_qpv"),
        colonne_de(Convention, "derogation_taux", taux()),
        colonne_de(Convention, "derogation_taux_agents", taux()),
        *(
            colonne_de(Convention, nom)
            for nom in ("derogation_motif", "derogation_arrete", "derogation_debut", "derogation_fin")
        ),
        Colonne("avenant_de", Texte(60), defaut=""),
        *(
            colonne_de(Convention, nom)
            for nom in (
                "date_resiliation",
                "motif_fin",
                "date_proposition",
                "date_signature_bailleur",
                "date_signature_reservataire",
                "motif_sous_trente",
            )
        ),
    )

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Retient les lignes : une chaîne de versions se juge entière."""
        if suivi.reserve is None:
            suivi.reserve = ReserveConventions()
        self.resoudre(suivi, lot)
        suivi.reserve.lignes += [ligne for ligne in lot if ligne.cle and not ligne.fautive and suivi.retenir_cle(ligne)]

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Bailleur, réservataire, département, délégataire."""
        resoudre_bailleurs(suivi, lot)
        reservataires = chercher_reservataires(suivi, lot)
        departements = set(Departement.objects.values_list("code", flat=True))
        delegataires = _lire_delegataires({ligne.valeurs.get("delegataire") or "" for ligne in lot})
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            departement = ligne.valeurs.get("departement")
            if departement is not None and departement not in departements:
                suivi.refuser(ligne, "departement", "Département inconnu : mettez son code INSEE (94, 2A, 974).")
            reservataire = reservataires.get(ligne.valeurs.get("reservataire", ""))
            if (
                reservataire is None
                or ligne.bailleur_id is None
                or departement is None
                or "numero" not in ligne.valeurs
            ):
                continue
            ligne.champs |= {
                "bailleur_id": ligne.bailleur_id,
                "reservataire_id": reservataire.pk,
                "departement_id": departement,
            }
            self._poser_delegataire(suivi, ligne, delegataires)
            ligne.cle = (ligne.bailleur_id, ligne.valeurs["numero"])

    def conclure(self, suivi: Suivi) -> None:
        """Chaîne les avenants, contrôle chaque version, puis l'unicité (RG-10)."""
        reserve: ReserveConventions = suivi.reserve
        composer_versions(reserve)
        chainer(suivi, reserve)
        for version in reserve.versions.values():
            if version.ligne is not None and not version.ligne.fautive:
                controler_version(suivi, version.ligne, version.valeurs)
        reserver_au_responsable(suivi, reserve)
        controler_unicite(suivi, reserve)
        if not suivi.compte.erreurs:
            self._comparer(suivi, reserve)

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit en deux temps : les versions changées perdent un instant leur vigueur, pour ne jamais se recouvrir en chemin."""
        reserve: ReserveConventions = suivi.reserve
        cote = MiseDeCote(Convention)
        neuves = [(v.pk, v.valeurs) for v in reserve.versions.values() if v.ancien is None]
        changees = [
            (v.pk, v.valeurs) for v in reserve.versions.values() if v.ancien is not None and v.valeurs != v.ancien
        ]
        cote.creer(neuves)
        cote.modifier(changees)
        if changees:
            with connection.cursor() as curseur:
                curseur.execute(
                    "UPDATE conventions_convention SET etat = %s, date_signature = NULL, avenant_de_id = NULL WHERE id = ANY(%s)",
                    [EtatConvention.BROUILLON.value, [pk for pk, _ in changees]],
                )
        cote.ecrire_modifications()
        cote.ecrire_creations()
        cote.fermer()
        if not suivi.contexte.acteur.est_systeme:
            journaliser_les_conventions(suivi, reserve)

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les versions, la première d'une chaîne avant ses avenants."""
        requete = (
            Convention.objects.filter(bailleur=bailleur)
            .select_related("reservataire", "avenant_de", "delegataire")
            .order_by(Coalesce("origine__numero", "numero"), "date_effet", "numero")
        )
        codes = dict(Reservataire.objects.filter(pk__in=requete.values("delegataire")).values_list("pk", "code"))
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            reservataire=lambda convention: convention.reservataire.code,
            departement=lambda convention: convention.departement_id,
            delegataire=lambda convention: _nommer_delegataire(convention, codes),
            avenant_de=lambda convention: convention.avenant_de.numero if convention.avenant_de else "",
        )

    def _poser_delegataire(self, suivi: Suivi, ligne: Ligne, delegataires: dict[str, int]) -> None:
        code = ligne.valeurs.get("delegataire")
        if code is None:
            return
        if not code:
            ligne.champs["delegataire_id"] = None
        elif code == "BAILLEUR":
            ligne.champs["delegataire_id"] = ligne.bailleur_id
        elif code in delegataires:
            ligne.champs["delegataire_id"] = delegataires[code]
        else:
            suivi.refuser(
                ligne,
                "delegataire",
                "Délégataire inconnu : mettez BAILLEUR, un code de réservataire ou un SIREN connu.",
            )

    def _comparer(self, suivi: Suivi, reserve: ReserveConventions) -> None:
        """Compte ce que le fichier change."""
        defauts = valeurs_par_defaut(Convention)
        for version in reserve.versions.values():
            if version.ligne is None:
                continue
            if version.ancien is None:
                self.compter(suivi, version.ligne, "cree", self.differences(suivi, defauts, version.valeurs))
            elif all(version.ancien[nom] == valeur for nom, valeur in version.valeurs.items() if nom != "remplacee_le"):
                suivi.compte.inchanges += 1
            else:
                self.compter(suivi, version.ligne, "modifie", self.differences(suivi, version.ancien, version.valeurs))


def _lire_delegataires(codes: set[str]) -> dict[str, int]:
    """Organismes cités comme délégataires, par code de réservataire ou par SIREN."""
    codes = codes - {"", "BAILLEUR"}
    if not codes:
        return {}
    par_siren = Organisme.objects.filter(siren__in=codes).exclude(nature=Nature.PLATEFORME.value).order_by("-pk")
    return dict(par_siren.values_list("siren", "pk")) | dict(
        Reservataire.objects.filter(code__in=codes).values_list("code", "pk")
    )


def _nommer_delegataire(convention: Convention, codes: dict[int, str]) -> str:
    if convention.delegataire is None:
        return ""
    if convention.delegataire_id == convention.bailleur_id:
        return "BAILLEUR"
    return codes.get(convention.delegataire.pk, convention.delegataire.siren)
