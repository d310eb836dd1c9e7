"""Ouvrir les comptes d'une année : reprendre un solde provisoire de N−1, ou saisir le solde d'ouverture (RG-47)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from attributions.domaine.codes import OrigineSolde
from attributions.models import SoldeOuverture
from conventions.domaine.codes import SousContingent
from conventions.models import Bailleur, Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser

DECIMALES = 4
"""Un solde tient en quatre décimales (formats.md § 1)."""
SOLDE_MAXIMAL = Decimal(10) ** 7


def reprendre_soldes(
    *, acteur: Acteur, bailleur_id: int, departement: str, annee: int, soldes: Mapping[tuple[int, str], Decimal]
) -> int:
    """Inscrit à l'ouverture de `annee` les soldes calculés de N−1, par compte (première version, sous-contingent) ; rend leur nombre.

    Un compte qui a déjà un solde, publié ou saisi, garde le sien : rejouée, l'action n'écrit rien de plus.
    """
    with transaction.atomic():
        bailleur = _verrouiller(acteur, bailleur_id)
        permises = _conventions(acteur, bailleur, departement, {origine for origine, _ in soldes})
        connus = set(
            SoldeOuverture.objects.visibles_par(acteur)
            .filter(convention__in=permises, annee=annee)
            .values_list("convention_id", "sous_contingent")
        )
        nouveaux = [
            _solde(permises[origine], sous_contingent, annee, solde)
            for (origine, sous_contingent), solde in sorted(soldes.items())
            if (origine, sous_contingent) not in connus
        ]
        SoldeOuverture.objects.bulk_create(nouveaux)
        if nouveaux:
            journaliser(
                acteur=acteur,
                action="reprendre_soldes",
                objet=bailleur,
                organisme_id=bailleur.pk,
                apres={
                    "annee": annee,
                    "soldes": {
                        f"{solde.convention.numero} {solde.sous_contingent}".rstrip(): str(solde.report)
                        for solde in nouveaux
                    },
                },
            )
    return len(nouveaux)


def saisir_solde(
    *, acteur: Acteur, bailleur_id: int, convention_id: int, sous_contingent: str, annee: int, report: Decimal | None
) -> bool:
    """Saisit, corrige ou efface (`report` None) le solde d'ouverture d'un compte. Lève `Conflit` si un bilan publié l'a arrêté.

    Rend vrai si quelque chose a changé : un solde redit tel quel n'est ni réécrit ni journalisé (RG-71).
    """
    with transaction.atomic():
        bailleur = _verrouiller(acteur, bailleur_id)
        convention = (
            Convention.objects.modifiables_par(acteur)
            .signees()
            .select_related("reservataire")
            .filter(Q(origine__isnull=True) | Q(origine_id=convention_id), bailleur=bailleur, pk=convention_id)
            .first()
        )
        if convention is None:
            raise Introuvable
        verifier_solde(convention, sous_contingent, report)
        soldes = SoldeOuverture.objects.visibles_par(acteur).filter(
            convention=convention, sous_contingent=sous_contingent, annee=annee
        )
        if soldes.filter(origine=OrigineSolde.BILAN).exists():
            raise Conflit("Un bilan publié a arrêté ce solde : publiez une nouvelle version du bilan.", regle="RG-63")
        ancien = soldes.first()
        if (ancien.report if ancien else None) == report:
            return False
        soldes.delete()
        if report is not None:
            _solde(convention, sous_contingent, annee, report).save()
        journaliser(
            acteur=acteur,
            action="saisir_solde",
            objet=convention,
            organisme_id=bailleur.pk,
            avant={"report": str(ancien.report) if ancien else None},
            apres={
                "annee": annee,
                "sous_contingent": sous_contingent,
                "report": str(report) if report is not None else None,
            },
        )
    return True


def verifier_solde(convention: Convention, sous_contingent: str, report: Decimal | None) -> None:
    """Lève `ErreurMetier` si ce compte ou ce solde ne peut pas exister (RG-03, RG-47)."""
    permis = {"prioritaires", "agents"} if convention.reservataire.est_etat else {""}
    if sous_contingent not in permis or sous_contingent not in set(SousContingent):
        raise Introuvable
    if report is None:
        return
    if abs(report) >= SOLDE_MAXIMAL or report != round(report, DECIMALES):
        raise ErreurMetier(
            "solde_impossible",
            "Un solde s'écrit en logements, avec quatre décimales au plus.",
            regle="RG-47",
            champ="report",
        )


def _solde(convention: Convention, sous_contingent: str, annee: int, report: Decimal) -> SoldeOuverture:
    return SoldeOuverture(
        convention=convention, sous_contingent=sous_contingent, annee=annee, report=report, origine=OrigineSolde.SAISI
    )


def _verrouiller(acteur: Acteur, bailleur_id: int) -> Bailleur:
    """Le bailleur, verrouillé : deux reprises simultanées passent l'une après l'autre."""
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    bailleur = Bailleur.objects.modifiables_par(acteur).select_for_update(of=("self",)).filter(pk=bailleur_id).first()
    if bailleur is None:
        raise Introuvable
    return bailleur


def _conventions(acteur: Acteur, bailleur: Bailleur, departement: str, origines: set[int]) -> dict[int, Convention]:
    conventions = {
        convention.pk: convention
        for convention in Convention.objects.modifiables_par(acteur).filter(
            bailleur=bailleur, departement_id=departement, pk__in=origines
        )
    }
    if origines - conventions.keys():
        raise Introuvable
    return conventions
