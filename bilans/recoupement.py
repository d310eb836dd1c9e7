"""La vérification croisée : le calcul du domaine face au second chemin, les bilans publiés face à leurs empreintes (RG-63)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Max, Min

from attributions.domaine.codes import OrigineSolde
from attributions.models import Liberation, SoldeOuverture
from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.domaine.flux import FluxAnnuel
from bilans.models import Bilan
from bilans.recoupement_sql import FluxEnSql, calculer_en_sql
from conventions.domaine.codes import SousContingent
from conventions.models import Bailleur
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.pieces.models import Contenu
from flux_reservations.socle.journal import verifier_chaine


@dataclass(frozen=True, slots=True)
class Divergence:
    """Deux nombres qui devraient être égaux, et ce qu'ils mesurent."""

    objet: str
    mesure: str
    attendu: str
    trouve: str


def annees_a_verifier() -> list[tuple[Bailleur, str, int]]:
    """Chaque (bailleur, département, année) qui a des baux ou des libérations."""
    bornes = (
        Liberation.objects.values("bailleur_id", "logement__commune__departement_id")
        .annotate(
            premiere=Min("date_disponibilite"),
            derniere=Max("date_disponibilite"),
            premier_bail=Min("date_bail"),
            dernier_bail=Max("date_bail"),
        )
        .order_by("bailleur_id", "logement__commune__departement_id")
    )
    bailleurs = Bailleur.objects.in_bulk()
    annees = []
    for un in bornes:
        debut = min(date.year for date in (un["premiere"], un["premier_bail"]) if date)
        fin = max(date.year for date in (un["derniere"], un["dernier_bail"]) if date)
        annees += [
            (bailleurs[un["bailleur_id"]], un["logement__commune__departement_id"], annee)
            for annee in range(debut, fin + 1)
        ]
    return annees


def verifier_annee(bailleur: Bailleur, departement: str, annee: int) -> list[Divergence]:
    """Compare les deux chemins ; vide s'ils sont d'accord en tout."""
    calcul = calculer_annee(bailleur, departement, annee)
    en_sql = calculer_en_sql(bailleur.pk, departement, annee)
    objet = f"{bailleur.siren} {departement} {annee}"
    return [
        Divergence(objet, mesure, _ecrire(attendu), _ecrire(trouve))
        for mesure, attendu, trouve in [*_assiette(calcul, en_sql), *_comptes(calcul, en_sql), *_sommes(calcul.flux)]
        if attendu != trouve
    ]


Mesure = tuple[str, Fraction | int, Fraction | int]


def _assiette(calcul: CalculAnnuel, en_sql: FluxEnSql) -> Iterator[Mesure]:
    assiette = calcul.flux.assiette
    yield "flux (C)", assiette.flux, en_sql.flux
    yield "premières locations", assiette.premieres_locations, en_sql.categories.get("premiere", 0)
    for motif, nombre in assiette.exclusions.items():
        yield f"exclusion {motif}", nombre, en_sql.categories.get(motif, 0)


def _comptes(calcul: CalculAnnuel, en_sql: FluxEnSql) -> Iterator[Mesure]:
    """Chaque compte, et tout ce que le second chemin aurait trouvé en plus."""
    decomptes = dict(en_sql.decomptes)
    droits = dict(en_sql.droits)
    for compte in calcul.flux.comptes:
        est_repli = compte.sous_contingent == SousContingent.REPLI
        cle = (None, None, "repli") if est_repli else (compte.origine, compte.reservataire, compte.sous_contingent)
        yield f"{compte.compte} {compte.convention} : décompte", compte.decompte, decomptes.pop(cle, 0)
        if est_repli:
            yield f"{compte.compte} : droit", compte.droit_theorique, _exact(en_sql.droit_de_repli)
        elif compte.origine is not None:
            droit = droits.pop((compte.origine, compte.sous_contingent), Decimal(0))
            report = en_sql.reports.get((compte.origine, compte.sous_contingent), Decimal(0))
            yield f"{compte.compte} {compte.convention} : droit", compte.droit_theorique, _exact(droit)
            yield f"{compte.compte} {compte.convention} : report", compte.report, _exact(report)
            solde = _exact(droit) + _exact(report) - en_sql.decomptes.get(cle, 0)
            yield f"{compte.compte} {compte.convention} : solde", compte.solde, solde
    yield "droits du repli au 1er janvier", calcul.flux.droits_de_repli, en_sql.droits_de_repli
    yield "bailleur : décompte", calcul.flux.non_reserve.decompte, decomptes.pop((None, None, ""), 0)
    yield "décomptes sans compte", 0, sum(decomptes.values())
    yield "droits sans compte", Fraction(0), _exact(sum(droits.values(), Decimal(0)))


def _sommes(flux: FluxAnnuel) -> Iterator[Mesure]:
    """Les sommes qui doivent tomber juste (RG-33)."""
    theoriques = sum((compte.droit_theorique for compte in flux.comptes), flux.non_reserve.droit_theorique)
    yield "somme des droits théoriques", Fraction(flux.assiette.flux), theoriques
    yield (
        "somme des droits entiers",
        flux.assiette.flux,
        flux.non_reserve.droit + sum(compte.droit for compte in flux.comptes),
    )


def _exact(nombre: Decimal) -> Fraction:
    return Fraction(nombre)


def _ecrire(nombre: Fraction | int) -> str:
    return str(nombre)


def verifier_bilans() -> list[Divergence]:
    """Bilans publiés dont l'empreinte, ou le solde repris à l'ouverture de l'année suivante, ne correspond plus aux données."""
    divergences = []
    for bilan in Bilan.objects.filter(etat="publie").select_related("bailleur").iterator(chunk_size=20):
        objet = (
            f"bilan {bilan.bailleur.siren} {bilan.departement_id} {bilan.annee} version {bilan.version} ({bilan.genre})"
        )
        attendue = calculer_empreinte(bilan.donnees)
        if attendue != bilan.empreinte:
            divergences.append(Divergence(objet, "empreinte des données", bilan.empreinte, attendue))
        # Un brouillon de la version suivante ne l'a pas encore remplacé.
        if bilan.genre == "annuel" and not Bilan.objects.filter(remplace=bilan, etat="publie").exists():
            divergences += _verifier_soldes(bilan, objet)
    return divergences


def _verifier_soldes(bilan: Bilan, objet: str) -> Iterator[Divergence]:
    """Le solde arrêté par le bilan est celui que l'année suivante reprend (RG-47)."""
    comptes = bilan.donnees.get("flux", {}).get("comptes", [])
    publies = {
        (un["convention"], un["compte"].partition("/")[2]): Decimal(un["solde"]) for un in comptes if un["convention"]
    }
    soldes = SoldeOuverture.objects.filter(
        convention__bailleur_id=bilan.bailleur_id,
        convention__departement_id=bilan.departement_id,
        annee=bilan.annee + 1,
        origine=OrigineSolde.BILAN,
    ).values_list("convention__numero", "sous_contingent", "report")
    repris = {(numero, sous_contingent): report for numero, sous_contingent, report in soldes}
    for cle in sorted(publies.keys() | repris.keys()):
        if publies.get(cle) != repris.get(cle):
            yield Divergence(
                objet,
                f"solde de {cle[0]} {cle[1]}".rstrip(),
                str(publies.get(cle, "absent")),
                str(repris.get(cle, "absent")),
            )


def verifier_pieces() -> list[Divergence]:
    """Pièces dont le contenu ne répond plus à son empreinte."""
    return [
        Divergence(f"pièce {contenu.empreinte[:12]}", "empreinte du contenu", contenu.empreinte, trouvee)
        for contenu in Contenu.objects.iterator(chunk_size=20)
        if (trouvee := hashlib.sha256(bytes(contenu.octets)).hexdigest()) != contenu.empreinte
    ]


def verifier_journaux() -> list[Divergence]:
    """Chaînes du journal rompues (RG-71)."""
    organismes: list[int | None] = [None, *Organisme.objects.order_by("pk").values_list("pk", flat=True)]
    return [
        Divergence(f"journal de l'organisme {organisme or 'plateforme'}", "entrées rompues", "aucune", str(rompues))
        for organisme in organismes
        if (rompues := verifier_chaine(organisme))
    ]
