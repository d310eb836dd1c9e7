"""Ce que le texte d'une convention dit d'elle : valeurs des variables, conditions, annexe du patrimoine (RG-12)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Model
from django.utils import timezone

from conventions.chargement import logements_du_flux
from conventions.chargement_autorites import communes_des_droits
from conventions.chargement_taux import taux_au_plus_haut
from conventions.domaine.codes import TYPOLOGIES, DelaiUnite, EtatConvention, Gestion, Report
from conventions.domaine.gabarit import Bloc, composer
from conventions.domaine.gabarit_type import TEXTE
from conventions.models import Convention, Droit, Gabarit
from flux_reservations.droit.delais import DELAI_DE_PRESENTATION
from flux_reservations.socle.presentation import compter, ecrire_date, ecrire_taux
from flux_reservations.socle.relecture import empreinte_des_donnees


@dataclass(frozen=True, slots=True)
class LigneDePatrimoine:
    """Une commune du périmètre : logements du champ et du flux, par typologie."""

    commune: str
    par_typologie: tuple[int, ...]

    @property
    def total(self) -> int:
        """Logements de la commune."""
        return sum(self.par_typologie)


@dataclass(frozen=True, slots=True)
class Annexe:
    """Le patrimoine agrégé du périmètre à une date."""

    le: date
    lignes: tuple[LigneDePatrimoine, ...]

    @property
    def total(self) -> int:
        """Logements du périmètre."""
        return sum(ligne.total for ligne in self.lignes)

    @property
    def totaux(self) -> tuple[int, ...]:
        """Logements par typologie."""
        return tuple(sum(ligne.par_typologie[rang] for ligne in self.lignes) for rang in range(len(TYPOLOGIES)))


@dataclass(frozen=True, slots=True)
class TexteDeConvention:
    """Une convention prête à écrire : ses blocs, ses droits, son annexe (vide pour qui ne lit pas le patrimoine)."""

    convention: Convention
    blocs: tuple[Bloc, ...]
    droits: tuple[Droit, ...]
    annexe: Annexe | None


def gabarit_courant(convention: Convention) -> Gabarit | None:
    """La version du gabarit qui fait foi : la dernière pour un brouillon, celle qui a été proposée ensuite ; vide : le texte type."""
    gabarit = convention.gabarit
    if gabarit is None or convention.etat != EtatConvention.BROUILLON:
        return gabarit
    return Gabarit.objects.filter(bailleur_id=gabarit.bailleur_id, nom=gabarit.nom).dernieres_versions().first()


def charger_texte(convention: Convention, *, texte: str = "", avec_annexe: bool = True) -> TexteDeConvention:
    """Le texte d'une convention ; `texte` : un gabarit à essayer, au lieu du sien (aperçu)."""
    if not texte:
        gabarit = gabarit_courant(convention)
        texte = gabarit.texte if gabarit else TEXTE
    droits = tuple(convention.droits.prefetch_related("perimetre", "assiette"))
    return TexteDeConvention(
        convention,
        tuple(composer(texte, lire_variables(convention, droits), lire_conditions(convention, droits))),
        droits,
        charger_annexe(convention) if avec_annexe else None,
    )


def empreinte_de(convention: Convention) -> str:
    """SHA-256 de ce qu'on relit avant de signer : les clauses, les droits et leurs territoires, la version du gabarit."""
    gabarit = gabarit_courant(convention)
    relu = {
        "clauses": _valeurs(convention),
        "droits": sorted(
            [
                *(sorted(un.pk for un in territoires.all()) for territoires in (droit.perimetre, droit.assiette)),
                str(_valeurs(droit, sauf=("id",))),
            ]
            for droit in convention.droits.all()
        ),
        "gabarit": gabarit.pk if gabarit else None,
    }
    return empreinte_des_donnees(relu)


def _valeurs(ligne: Model, *, sauf: Collection[str] = ()) -> dict[str, Any]:
    """Les valeurs écrites d'une ligne, sans celles que la base calcule."""
    champs = ligne._meta.concrete_fields
    return {
        champ.attname: getattr(ligne, champ.attname)
        for champ in champs
        if not champ.generated and champ.attname not in sauf
    }


def charger_annexe(convention: Convention) -> Annexe:
    """Le patrimoine du flux dans le périmètre, par commune et typologie ; à la signature, à la proposition, ou ce jour."""
    le = convention.date_signature or convention.date_proposition or timezone.localdate()
    lignes = (
        logements_du_flux(convention.bailleur_id, convention.departement_id, le)
        .filter(commune_id__in=communes_des_droits(convention))
        .order_by()
        .values_list("commune__cle_tri", "commune__nom", "typologie")
        .annotate(nombre=Count("pk"))
    )
    nombres: dict[tuple[str, str], dict[str, int]] = {}
    for cle, nom, typologie, nombre in lignes:
        nombres.setdefault((cle, nom), {})[typologie] = nombre
    return Annexe(
        le,
        tuple(
            LigneDePatrimoine(nom, tuple(par_type.get(typologie, 0) for typologie in TYPOLOGIES))
            for (_, nom), par_type in sorted(nombres.items())
        ),
    )


def lire_variables(convention: Convention, droits: tuple[Droit, ...]) -> dict[str, str]:
    """La valeur de chaque variable de la liste blanche, en texte."""
    bailleur, reservataire, departement = convention.bailleur, convention.reservataire, convention.departement
    mention = (
        f"Signée le {ecrire_date(convention.date_signature)}." if convention.date_signature else "Projet, non signé."
    )
    return {
        "convention.numero": convention.numero,
        "convention.mention": mention,
        "convention.avenant_de": convention.avenant_de.numero if convention.avenant_de else "",
        "bailleur.nom": bailleur.nom,
        "bailleur.siren": bailleur.siren,
        "bailleur.statut": bailleur.get_statut_display(),
        "reservataire.nom": reservataire.nom,
        "reservataire.type": reservataire.get_type_display(),
        "reservataire.territoire": reservataire.territoire.nom if reservataire.territoire else departement.nom,
        "departement.nom": departement.nom,
        "departement.code": departement.pk,
        "taux.total": ecrire_taux(sum(droit.taux for droit in droits)),
        "taux.maximum": ecrire_taux(
            taux_au_plus_haut([convention.pk], convention.date_effet or timezone.localdate()).get(
                convention.pk, Decimal(0)
            )
        ),
        "gestion": convention.get_gestion_display().lower(),
        "delegataire.nom": convention.delegataire.nom if convention.delegataire else "",
        "delai_de_presentation": dire_le_delai(convention),
        "nombre_de_candidats": str(convention.nb_candidats or ""),
        "fait_generateur": convention.get_fait_generateur_display().lower(),
        "report": _dire_le_report(convention),
        "report.plafond": compter(convention.report_plafond or 0, "logement"),
        "premieres_locations": convention.get_premieres_locations_display().lower(),
        "motif_du_perimetre": convention.motif_perimetre,
        "date.effet": f"le {ecrire_date(convention.date_effet)}" if convention.date_effet else "à sa signature",
        "date.terme": ecrire_date(convention.date_fin) if convention.date_fin else "",
        "part_hors_qpv": ecrire_taux(convention.part_hors_qpv_min) if convention.part_hors_qpv_min is not None else "",
    }


def dire_le_delai(convention: Convention) -> str:
    """Le délai qui s'applique : un délai que la convention ne fixe pas se compte en jours calendaires, quelle que soit l'unité (RG-46)."""
    jours = convention.delai_presentation_jours
    if jours is None:
        defaut = DELAI_DE_PRESENTATION.valeur(convention.date_effet or timezone.localdate())
        return f"{defaut} {DelaiUnite.CALENDAIRES.libelle.lower()}"
    return f"{jours} {convention.get_delai_unite_display().lower()}"


def _ont_le_meme_perimetre(droits: Iterable[Droit]) -> bool:
    return len({frozenset(territoire.pk for territoire in droit.perimetre.all()) for droit in droits}) <= 1


def _dire_le_report(convention: Convention) -> str:
    """Un report laissé par défaut se lit en clair : aucun pour l'État, total pour les autres (RG-47)."""
    if convention.report:
        return convention.get_report_display().lower()
    return (Report.AUCUN if convention.reservataire.est_etat else Report.TOTAL).libelle.lower()


def lire_conditions(convention: Convention, droits: tuple[Droit, ...]) -> dict[str, bool]:
    """Ce qui est vrai de la convention, pour chaque condition de la liste blanche."""
    return {
        "perimetre_unique": _ont_le_meme_perimetre(droits),
        "est_avenant": convention.avenant_de_id is not None,
        "est_signee": convention.etat == EtatConvention.SIGNEE,
        "gestion_deleguee": convention.gestion == Gestion.DELEGUEE,
        "avec_delegataire": convention.delegataire_id is not None,
        "avec_nombre_de_candidats": bool(convention.nb_candidats),
        "carence_decomptee": convention.carence_decomptee,
        "report_plafonne": convention.report_plafond is not None,
        "perimetre_particulier": bool(convention.motif_perimetre.strip()),
        "avec_terme": convention.date_fin is not None,
        "reservataire_etat": convention.reservataire.est_etat,
        "reservataire_collectivite": convention.reservataire.est_collectivite,
        "avec_part_hors_qpv": convention.part_hors_qpv_min is not None,
        "avec_derogation": convention.derogation_debut is not None,
    }
