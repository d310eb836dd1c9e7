"""Fabriques des essais : chaque fonction crée une ligne valide ; on ne dit que ce qui compte pour l'essai."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from attributions.models import Liberation, Orientation
from conventions.domaine.codes import Contrepartie, EtatConvention, TypeReservataire
from conventions.models import Bailleur, Convention, Droit, Logement, Reservataire, SituationLogement, nature_du_type
from flux_reservations.acces.models import Rattachement, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role

_numeros = count(1)
VAL_DE_MARNE = "94"
CRETEIL, VITRY, IVRY = "94028", "94081", "94041"


def siren_valide(graine: int) -> str:
    """Un SIREN fictif dont la clé de Luhn est juste."""
    base = f"94{graine:06d}"
    somme = sum(sum(divmod(int(chiffre) * (2 if rang % 2 else 1), 10)) for rang, chiffre in enumerate(base))
    return f"{base}{-somme % 10}"


def creer_bailleur(nom: str = "Habitat d'essai", **champs: Any) -> Bailleur:
    """Un bailleur."""
    champs.setdefault("siren", siren_valide(next(_numeros)))
    return Bailleur.objects.create(nature="bailleur", nom=nom, statut="oph", **champs)


def creer_reservataire(
    code: str = "", type_: str = TypeReservataire.ORGANISME, territoire: str | None = "departement:94", **champs: Any
) -> Reservataire:
    """Un réservataire ; son territoire est celui du référentiel livré."""
    code = code or f"R{next(_numeros)}"
    champs.setdefault("nom", f"Réservataire {code}")
    return Reservataire.objects.create(
        nature=nature_du_type(type_).value, code=code, type=type_, territoire_id=territoire, **champs
    )


def creer_etat(code: str = "ETAT94", territoire: str = "departement:94") -> Reservataire:
    """L'État dans un département."""
    return creer_reservataire(code, TypeReservataire.ETAT, territoire, nom="État, préfecture")


def creer_logement(
    bailleur: Bailleur, commune: str = CRETEIL, *, qpv: str = "", hors_champ: str = "", **champs: Any
) -> Logement:
    """Un logement T3 PLUS et sa situation depuis l'origine."""
    champs = {"typologie": "T3", "financement": "PLUS", "identifiant": f"N{next(_numeros):05d}"} | champs
    logement = Logement.objects.create(bailleur=bailleur, commune_id=commune, **champs)
    SituationLogement.objects.create(logement=logement, periode=DateRange(None, None), qpv=qpv, hors_champ=hors_champ)
    return logement


def creer_convention(
    bailleur: Bailleur,
    reservataire: Reservataire,
    droits: Iterable[tuple[str | Decimal, str, str]] = (("10", "", "departement:94"),),
    *,
    effet: date = date(2023, 6, 1),
    contrepartie: str | None = None,
    departement: str = VAL_DE_MARNE,
    **champs: Any,
) -> Convention:
    """Une convention signée et ses lignes de droit : (taux, sous-contingent, territoire)."""
    champs = {"numero": f"C{next(_numeros):04d}", "etat": EtatConvention.SIGNEE} | champs
    if champs["etat"] == EtatConvention.SIGNEE:
        champs = {"date_signature": effet, "date_effet": effet} | champs
    convention = Convention.objects.create(
        bailleur=bailleur, reservataire=reservataire, departement_id=departement, **champs
    )
    defaut = Contrepartie.CONTINGENT_PREFECTORAL if reservataire.est_etat else Contrepartie.FINANCEMENT
    for taux, sous_contingent, territoire in droits:
        droit = Droit.objects.create(
            convention=convention,
            contrepartie=contrepartie or defaut,
            sous_contingent=sous_contingent,
            taux=Decimal(taux),
        )
        droit.perimetre.set([territoire])
    convention.refresh_from_db()
    return convention


def creer_liberation(logement: Logement, disponible: date = date(2025, 3, 1), **champs: Any) -> Liberation:
    """Une libération : congé trois mois avant la disponibilité."""
    champs = {"numero": f"L{next(_numeros):05d}", "date_conge": disponible - timedelta(days=90)} | champs
    return Liberation.objects.create(
        bailleur_id=logement.bailleur_id, logement=logement, date_disponibilite=disponible, **champs
    )


def creer_orientation(liberation: Liberation, reservataire: Reservataire | None = None, **champs: Any) -> Orientation:
    """Une orientation de rang 1, le jour de la disponibilité."""
    champs = {"rang": 1, "date_orientation": liberation.date_disponibilite} | champs
    return Orientation.objects.create(liberation=liberation, reservataire=reservataire, **champs)


def creer_utilisateur(organisme: Any, role: Role = Role.GESTIONNAIRE, courriel: str = "") -> Utilisateur:
    """Une personne rattachée à un organisme, mot de passe « mot de passe d'essai »."""
    utilisateur = Utilisateur.objects.create_user(
        courriel or f"personne{next(_numeros)}@essai.example", "mot de passe d'essai", prenom="Claude", nom="Essai"
    )
    Rattachement.objects.create(utilisateur=utilisateur, organisme_id=organisme.pk, role=role.value)
    return utilisateur


def acteur_de(organisme: Any, role: Role = Role.GESTIONNAIRE) -> Acteur:
    """L'acteur d'une nouvelle personne de cet organisme."""
    return creer_utilisateur(organisme, role).rattachements.select_related("organisme", "utilisateur").get().acteur()
