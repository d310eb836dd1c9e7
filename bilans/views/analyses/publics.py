"""Publics prioritaires (RG-50) et mobilité (RG-52) : des indicateurs datés, à suivre dans l'année."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attributions.domaine.codes import Exclusion
from attributions.domaine.publics import Indicateur, Objectif, mesurer
from bilans.calcul import calculer_annee
from bilans.chargement_prevision import charger_prevision
from bilans.domaine.lignes import attributions_de_l_annee
from bilans.domaine.prevision import somme_des_exclusions
from bilans.domaine.publics import Mobilite, menages_de_l_annee, mesurer_la_mobilite
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple, detail
from bilans.views.champ import Champ, nommer_les_comptes
from flux_reservations.commun.arrondis import lisible
from flux_reservations.socle.presentation import Lien, Pastille, compter, ecrire_nombre, ecrire_solde, ecrire_taux
from flux_reservations.socle.requete import Requete

LIBELLES = {
    Objectif.PRIORITAIRES: "DALO et prioritaires",
    Objectif.PREMIER_QUARTILE_HORS_QPV: "Hors QPV : premier quartile ou relogement",
    Objectif.AUTRES_QUARTILES_EN_QPV: "En QPV : autres quartiles",
}


class Publics(PageAnalyse):
    """Qui a été logé, face aux objectifs de chacun, et ce que la mobilité a permis (RG-50, RG-52)."""

    nom, titre = "publics", "Publics et mobilité"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Deux tableaux : les objectifs de publics par compte, puis mutations et relogements annoncés et tenus."""
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        attributions = attributions_de_l_annee(calcul.faits, calcul.flux)
        indicateurs = mesurer(menages_de_l_annee(calcul.faits, calcul.flux, attributions), calcul.faits.dernier_jour)
        prevision = charger_prevision(champ.bailleur.pk, champ.departement, champ.annee)
        return Analyse(
            "Chaque bail compte le public du ménage, s'il est connu ; les baux de public inconnu sont à part, et ne comptent ni pour ni "
            "contre.",
            "RG-50",
            [
                _dire_les_objectifs(indicateurs),
                _dire_la_mobilite(mesurer_la_mobilite(attributions), somme_des_exclusions(prevision.communes), champ),
            ],
        )


def _dire_les_objectifs(indicateurs: Iterable[Indicateur]) -> TableauSimple:
    indicateurs = list(indicateurs)
    noms = nommer_les_comptes(un.compte for un in indicateurs if un.compte)
    return TableauSimple(
        "Publics logés dans l'année",
        ("Compte", "Objectif", "Servis", "Sur (public connu)", "Public inconnu", "Part", "Au moins", "Verdict"),
        [
            (
                noms.get(un.compte, "Tous les baux"),
                LIBELLES[un.objectif],
                ecrire_nombre(un.servis),
                ecrire_nombre(un.total),
                ecrire_nombre(un.inconnus),
                ecrire_taux(un.part * 100 if un.part is not None else None, 1),
                f"{lisible(un.seuil * 100)} %",
                _verdict(un),
            )
            for un in indicateurs
        ],
        note="baux signés ; effectifs internes au bailleur, masqués sous cinq ménages dans ce qui est envoyé à tous",
    )


def _verdict(indicateur: Indicateur) -> Pastille | str:
    if indicateur.est_tenu is None:
        return "sans objet"
    return Pastille("tenu", "succes") if indicateur.est_tenu else Pastille("non tenu", "attention")


def _dire_la_mobilite(mobilite: Mobilite, annonces: Mapping[str, int], champ: Champ) -> TableauSimple:
    tenus = {Exclusion.MUTATION.value: mobilite.mutations} | mobilite.relogements
    part = mobilite.part_des_mutations
    return TableauSimple(
        "Mutations servies et relogements tenus",
        ("Catégorie", "Annoncés pour l'année", "Tenus à ce jour", "Différence"),
        [
            (
                motif.libelle,
                ecrire_nombre(annonces.get(motif.value, 0)),
                Lien(ecrire_nombre(tenus[motif.value]), detail(champ, quoi=f"B-{motif.value}")),
                ecrire_solde(tenus[motif.value] - annonces.get(motif.value, 0)),
            )
            for motif in Exclusion
        ],
        note=(
            f"{compter(mobilite.mutations, 'mutation')} sur {compter(mobilite.attributions, 'bail', 'baux')} "
            f"({ecrire_taux(part * 100 if part is not None else None, 1)}) ; elles libèrent "
            f"{compter(mobilite.logements_liberes, 'logement')} du parc"
        ),
    )
