"""Préparer une convention : créer, saisir les modalités et les droits, dupliquer, faire un avenant, supprimer (RG-10 à RG-16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from conventions.chargement import charger_zones
from conventions.domaine.codes import EtatConvention
from conventions.domaine.cycle_de_vie import verifier_modifiable
from conventions.domaine.saisie import LigneSaisie, verifier_ligne
from conventions.models import Bailleur, Convention, Droit, Gabarit, Reservataire
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Territoire

MODALITES: Final = (
    "date_effet",
    "date_fin",
    "gestion",
    "delegataire_id",
    "delai_presentation_jours",
    "delai_unite",
    "carence_decomptee",
    "fait_generateur",
    "report",
    "report_plafond",
    "nb_candidats",
    "motif_perimetre",
    "premieres_locations",
    "part_hors_qpv_min",
    "garde_hors_qpv",
    "derogation_taux",
    "derogation_taux_agents",
    "derogation_motif",
    "derogation_arrete",
    "derogation_debut",
    "derogation_fin",
    "motif_sous_trente",
    "gabarit_id",
)
"""Champs qu'un brouillon laisse changer."""
DEROGATION: Final = tuple(champ for champ in MODALITES if champ.startswith("derogation"))
"""L'arrêté vaut pour l'État chez ce bailleur : un avenant le reprend tant qu'il court ; une autre convention, jamais (RG-14)."""
COPIEES: Final = tuple(champ for champ in MODALITES if champ not in {"date_effet", "date_fin", *DEROGATION})
"""Champs qu'un avenant ou une copie reprend."""


def verrouiller_convention(acteur: Acteur, convention_id: int) -> Convention:
    """La version verrouillée, prise dans ce que l'acteur peut modifier ; 403 s'il ne fait que la voir, 404 sinon."""
    convention = (
        Convention.objects.modifiables_par(acteur).filter(pk=convention_id).select_for_update(of=("self",)).first()
    )
    if convention is None:
        if Convention.objects.visibles_par(acteur).filter(pk=convention_id).exists():
            raise AccesRefuse
        raise Introuvable
    return convention


def creer_brouillon(
    *,
    acteur: Acteur,
    bailleur_id: int,
    reservataire_id: int,
    departement_id: str,
    numero: str = "",
    modele_id: int | None = None,
    lignes: Iterable[LigneSaisie] = (),
) -> Convention:
    """Ouvre un brouillon ; `modele_id` : une convention du même bailleur dont on reprend les modalités (pas les droits).

    `lignes` : les droits dont on part, ceux que donne la conversion du stock. Sans modèle, le texte est celui du dernier gabarit écrit.

    Lève `ErreurMetier` si un brouillon existe déjà pour ce réservataire dans ce département, ou si le numéro est pris.
    """
    with transaction.atomic():
        bailleur = (
            Bailleur.objects.modifiables_par(acteur).filter(pk=bailleur_id).select_for_update(of=("self",)).first()
        )
        if bailleur is None:
            raise AccesRefuse
        reservataire = Reservataire.objects.visibles_par(acteur).filter(pk=reservataire_id).first()
        if reservataire is None:
            raise Introuvable("Ce réservataire n'existe pas.")
        deja = Convention.objects.filter(bailleur=bailleur, reservataire=reservataire, departement_id=departement_id)
        en_preparation = deja.exclude(etat=EtatConvention.SIGNEE).first()
        if en_preparation is not None:
            raise ErreurMetier(
                "brouillon_existant", f"La convention {en_preparation.numero} est déjà en préparation.", regle="RG-10"
            )
        convention = Convention(
            numero=numero.strip() or _numero_libre(bailleur.pk, f"{departement_id}-{reservataire.code}"),
            bailleur=bailleur,
            reservataire=reservataire,
            departement_id=departement_id,
        )
        if Convention.objects.filter(bailleur=bailleur, numero=convention.numero).exists():
            raise ErreurMetier(
                "numero_pris", f"Le numéro {convention.numero} désigne déjà une de vos conventions.", champ="numero"
            )
        modele = Convention.objects.modifiables_par(acteur).filter(pk=modele_id).first() if modele_id else None
        if modele is not None:
            _recopier(modele, convention)
        else:
            convention.gabarit = Gabarit.objects.filter(bailleur=bailleur).order_by("-ecrit_le", "-pk").first()
        convention.save()
        lignes = list(lignes)
        verifier_lignes(convention, lignes)
        for ligne in lignes:
            ecrire_droit(convention, ligne)
        journaliser(
            acteur=acteur,
            action="creer_brouillon",
            objet=convention,
            organisme_id=bailleur.pk,
            apres={
                "reservataire": reservataire.code,
                "departement": departement_id,
                "modele": modele.numero if modele else "",
            },
        )
    return convention


def modifier_modalites(*, acteur: Acteur, convention_id: int, changements: Mapping[str, Any]) -> Convention:
    """Change les modalités d'un brouillon ; `changements` : champs de `MODALITES`."""
    inconnus = set(changements) - set(MODALITES)
    if inconnus:
        raise ErreurMetier("modalite_inconnue", f"Modalités inconnues : {', '.join(sorted(inconnus))}.")
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        verifier_modifiable(convention.etat)
        _verifier_dates(changements.get("date_effet"), changements.get("date_fin"))
        avant = {champ: getattr(convention, champ) for champ in changements}
        for champ, valeur in changements.items():
            setattr(convention, champ, valeur)
        convention.save(update_fields=list(changements))
        journaliser(
            acteur=acteur,
            action="modifier_modalites",
            objet=convention,
            organisme_id=convention.bailleur_id,
            avant=avant,
            apres=changements,
        )
    return convention


def remplacer_droits(*, acteur: Acteur, convention_id: int, lignes: Iterable[LigneSaisie]) -> Convention:
    """Remplace les lignes de droit d'un brouillon ; tout ou rien (RG-11, RG-13)."""
    lignes = list(lignes)
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        verifier_modifiable(convention.etat)
        verifier_lignes(convention, lignes)
        avant = [str(taux) for taux in convention.droits.values_list("taux", flat=True)]
        remboursements = {
            (droit.contrepartie, droit.montant_garanti): droit.dernier_versement
            for droit in convention.droits.exclude(dernier_versement=None)
        }
        convention.droits.all().delete()
        for ligne in lignes:
            rembourse = remboursements.get((ligne.contrepartie, ligne.montant_garanti))
            ecrire_droit(convention, replace(ligne, dernier_versement=ligne.dernier_versement or rembourse))
        journaliser(
            acteur=acteur,
            action="remplacer_droits",
            objet=convention,
            organisme_id=convention.bailleur_id,
            avant={"taux": avant},
            apres={"taux": [str(ligne.taux) for ligne in lignes]},
        )
    return convention


def verifier_lignes(convention: Convention, lignes: Iterable[LigneSaisie]) -> None:
    """Lève `ErreurMetier` à la première ligne de droit qui ne peut pas exister (RG-11, RG-13) ; n'écrit rien."""
    zones = charger_zones(convention.departement_id)
    territoire = zones.get(convention.reservataire.territoire_id or "", frozenset())
    for ligne in lignes:
        verifier_ligne(
            ligne,
            type_reservataire=convention.reservataire.type,
            territoire=territoire,
            zones=zones,
            motif_perimetre=convention.motif_perimetre,
            departement=convention.departement_id,
        )


def preparer_avenant(*, acteur: Acteur, convention_id: int, numero: str = "") -> Convention:
    """Ouvre le brouillon de la version suivante : mêmes modalités, mêmes droits ; le compte et le report continuent (RG-16)."""
    with transaction.atomic():
        actuelle = verrouiller_convention(acteur, convention_id)
        if actuelle.etat != EtatConvention.SIGNEE:
            raise ErreurMetier("avenant_sans_convention", "Un avenant remplace une convention signée.", regle="RG-16")
        if Convention.objects.filter(avenant_de=actuelle).exists():
            raise ErreurMetier(
                "avenant_existant", "Un avenant de cette convention est déjà en préparation ou signé.", regle="RG-16"
            )
        avenant = Convention(
            numero=numero.strip() or _numero_libre(actuelle.bailleur_id, f"{actuelle.numero}-A"),
            bailleur=actuelle.bailleur,
            reservataire=actuelle.reservataire,
            departement_id=actuelle.departement_id,
            avenant_de=actuelle,
            origine_id=actuelle.compte_id,
        )
        _recopier(actuelle, avenant)
        if actuelle.derogation_fin is not None and actuelle.derogation_fin >= timezone.localdate():
            _recopier(actuelle, avenant, DEROGATION)
        avenant.save()
        for droit in actuelle.droits.prefetch_related("perimetre", "assiette"):
            copie = Droit.objects.create(
                convention=avenant,
                contrepartie=droit.contrepartie,
                sous_contingent=droit.sous_contingent,
                taux=droit.taux,
                montant_garanti=droit.montant_garanti,
                dernier_versement=droit.dernier_versement,
            )
            copie.perimetre.set(droit.perimetre.all())
            copie.assiette.set(droit.assiette.all())
        journaliser(
            acteur=acteur,
            action="preparer_avenant",
            objet=avenant,
            organisme_id=avenant.bailleur_id,
            apres={"avenant_de": actuelle.numero},
        )
    return avenant


def supprimer_brouillon(*, acteur: Acteur, convention_id: int) -> None:
    """Supprime un brouillon ; une version proposée ou signée reste."""
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        verifier_modifiable(convention.etat)
        journaliser(
            acteur=acteur,
            action="supprimer_brouillon",
            objet=convention,
            organisme_id=convention.bailleur_id,
            avant={"numero": convention.numero, "reservataire": convention.reservataire.code},
        )
        convention.delete()


def ecrire_droit(convention: Convention, ligne: LigneSaisie) -> Droit:
    """Écrit une ligne de droit déjà vérifiée."""
    droit = Droit.objects.create(
        convention=convention,
        contrepartie=ligne.contrepartie,
        sous_contingent=ligne.sous_contingent,
        taux=ligne.taux,
        montant_garanti=ligne.montant_garanti,
        dernier_versement=ligne.dernier_versement,
    )
    droit.perimetre.set(Territoire.objects.filter(pk__in=ligne.perimetre))
    droit.assiette.set(Territoire.objects.filter(pk__in=ligne.assiette))
    return droit


def _recopier(source: Convention, cible: Convention, champs: Iterable[str] = COPIEES) -> None:
    for champ in champs:
        setattr(cible, champ, getattr(source, champ))


def _numero_libre(bailleur_id: int, base: str) -> str:
    pris = set(
        Convention.objects.filter(bailleur_id=bailleur_id, numero__startswith=base).values_list("numero", flat=True)
    )
    rang = 1
    while f"{base}-{rang}" in pris:
        rang += 1
    return f"{base}-{rang}"


def _verifier_dates(effet: date | None, fin: date | None) -> None:
    if effet and fin and fin < effet:
        raise ErreurMetier("dates_inversees", "Le terme ne précède pas la date d'effet.", champ="date_fin")
