"""La faisabilité : les droits prévus tiennent-ils dans les logements attendus d'ici le 31 décembre ? Un flot le dit (RG-41)."""

from __future__ import annotations

from fractions import Fraction

from django.utils import timezone

from attributions.chargement.faisabilite import charger_faisabilite, proposer_des_reductions
from attributions.domaine.faits_moteur import U
from bilans.views.analyses.commun import Analyse, PageAnalyse, TableauSimple, noms_des_communes
from bilans.views.champ import Champ
from flux_reservations.commun.calendrier import premier_janvier, trente_et_un_decembre
from flux_reservations.socle.presentation import compter, ecrire_nombre, ecrire_taux
from flux_reservations.socle.requete import Requete


class PageFaisabilite(PageAnalyse):
    """Dit si les droits prévus tiennent dans les logements attendus d'ici le 31 décembre."""

    nom, titre = "faisabilite", "Faisabilité"

    def analyser(self, request: Requete, champ: Champ) -> Analyse:
        """Un flot maximal ; sinon la coupe nomme le groupe et le manque."""
        del request
        le = min(max(timezone.localdate(), premier_janvier(champ.annee)), trente_et_un_decembre(champ.annee))
        lue = charger_faisabilite(champ.bailleur, champ.departement, champ.annee, le)
        avis = [("attention", goulet.phrase(lue.noms)) for goulet in lue.verdict.goulets]
        if lue.verdict.est_faisable:
            avis = [("succes", "Tous les droits prévus peuvent être servis avec les logements attendus.")]
        noms = noms_des_communes(lue.attendus)
        tableaux = [
            TableauSimple(
                "Droits à servir d'ici le 31 décembre",
                ("Compte", "À servir (logements)", "Communes où il s'exerce"),
                [
                    (droit.nom, ecrire_nombre(Fraction(droit.quantite, U), 1), ecrire_nombre(len(droit.communes)))
                    for droit in lue.droits
                ],
                note="retard d'aujourd'hui, plus le taux sur les logements attendus",
            ),
            TableauSimple(
                "Logements attendus, par commune",
                ("Commune", "Logements attendus"),
                [
                    (noms.get(code, code), ecrire_nombre(nombre))
                    for code, nombre in sorted(lue.attendus.items(), key=lambda un: -un[1])
                ],
                note="parc × rotation × jours restants",
            ),
        ]
        reductions = _dire_les_reductions(champ)
        if reductions is not None:
            tableaux.insert(0, reductions)
        return Analyse(
            "Avant l'année et chaque mois : si les droits de quelques comptes dépassent ce qui peut se libérer là où ils s'exercent, la "
            "page nomme le groupe et le manque.",
            "RG-41",
            tableaux,
            avis,
        )


def _dire_les_reductions(champ: Champ) -> TableauSimple | None:
    """Les taux à réduire là où leur somme dépasse 100 % (RG-14) ; None s'il n'y a rien à réduire."""
    reductions, insuffisantes = proposer_des_reductions(champ.bailleur, champ.departement, timezone.localdate())
    if not reductions and not insuffisantes:
        return None
    note = "à valider par une personne, puis à porter dans un avenant"
    if insuffisantes:
        note += f" ; ne suffit pas sur {compter(len(insuffisantes), 'commune')}"
    return TableauSimple(
        "La somme des taux dépasse 100 % : réductions proposées",
        ("Réservataire", "Taux signé", "Taux proposé"),
        [
            (un.nom, ecrire_taux(Fraction(un.taux, 100)), ecrire_taux(Fraction(un.taux_propose, 100)))
            for un in reductions
        ],
        note=note,
    )
