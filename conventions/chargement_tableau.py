"""Le tableau de bord d'un département : où en est chaque réservataire, et les échéances qui viennent (RG-16, RG-17, RG-67)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.urls import reverse

from conventions.chargement import compter_droits_de_suite
from conventions.chargement_preparation import reservataires_du_departement
from conventions.chargement_taux import taux_au_plus_haut
from conventions.domaine.codes import STOCK_MAINTENU, EtatConcertation, EtatConvention
from conventions.domaine.manquement import Avancement
from conventions.models import Commentaire, Concertation, Convention, Manquement, Reservataire
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.socle.presentation import Pastille

PREAVIS: Final = timedelta(days=183)
"""Temps avant un terme où la convention demande qu'on s'en occupe."""


@dataclass(frozen=True, slots=True)
class LigneDuTableau:
    """Un réservataire : sa version courante et ce qui l'attend."""

    reservataire: Reservataire
    convention: Convention | None
    etape: str
    droits_en_stock: int
    envois: int = 0
    accuses: int = 0
    commentaires_en_attente: int = 0
    plus_haut_taux: Decimal | None = None

    @property
    def pastille(self) -> Pastille:
        """L'étape, en deux mots."""
        return _PASTILLES[self.etape]

    @property
    def taux(self) -> Decimal | None:
        """Le taux de la version, là où ses lignes se recouvrent le plus (RG-13)."""
        return self.plus_haut_taux


@dataclass(frozen=True, slots=True)
class Echeance:
    """Une date qui vient : ce qui échoit, et où aller."""

    le: date
    libelle: str
    adresse: str
    depassee: bool = False


@dataclass(frozen=True, slots=True)
class TableauDuDepartement:
    """Le département d'un bailleur."""

    lignes: tuple[LigneDuTableau, ...]
    echeances: tuple[Echeance, ...]

    @property
    def nombres(self) -> list[tuple[str, Pastille, int]]:
        """Combien de réservataires par étape, dans l'ordre du parcours."""
        compte = Counter(ligne.etape for ligne in self.lignes)
        return [(etape, pastille, compte[etape]) for etape, pastille in _PASTILLES.items() if compte[etape]]


_PASTILLES: Final[Mapping[str, Pastille]] = {
    "sans": Pastille("Sans convention", "danger"),
    "brouillon": Pastille("Brouillon"),
    "proposee": Pastille("Proposée", "information"),
    "signee": Pastille("Signée, à transmettre", "attention"),
    "transmise": Pastille("Transmise", "succes"),
    "echue": Pastille("Échue", "danger"),
    "maintenu": Pastille("Stock maintenu"),
}
ETAPES: Final = tuple(_PASTILLES)


def charger_tableau(bailleur_id: int, departement: str, jour: date) -> TableauDuDepartement:
    """Lit tout le département (nombre fixe de requêtes)."""
    reservataires = reservataires_du_departement(bailleur_id, departement)
    versions = _versions(bailleur_id, departement)
    envois = _transmissions(bailleur_id, departement)
    stock = compter_droits_de_suite(bailleur_id, departement, jour)
    courantes = {un.pk: _courante(versions.get(un.pk, ()), jour) for un in reservataires}
    taux = taux_au_plus_haut([une.pk for une in courantes.values() if une is not None], jour)
    lignes = []
    for reservataire in reservataires:
        convention = courantes[reservataire.pk]
        total, accuses = envois.get(str(convention.pk), (0, 0)) if convention else (0, 0)
        lignes.append(
            LigneDuTableau(
                reservataire,
                convention,
                _etape(reservataire, convention, total, jour),
                sum(stock.get(reservataire.pk, {}).values()),
                total,
                accuses,
                int(_attend_une_reponse(convention, bailleur_id)),
                taux.get(convention.pk) if convention else None,
            )
        )
    lignes.sort(key=lambda ligne: (ETAPES.index(ligne.etape), ligne.reservataire.nom))
    return TableauDuDepartement(tuple(lignes), tuple(_echeances(bailleur_id, departement, lignes, jour)))


def _versions(bailleur_id: int, departement: str) -> dict[int, list[Convention]]:
    dernier = Commentaire.objects.filter(convention=OuterRef("pk")).order_by("-ecrit_le", "-pk").values("organisme_id")
    versions: dict[int, list[Convention]] = {}
    lignes = (
        Convention.objects.filter(bailleur_id=bailleur_id, departement_id=departement)
        .annotate(dernier_auteur=Subquery(dernier[:1]))
        .order_by(F("date_effet").asc(nulls_first=True), "pk")
    )
    for convention in lignes:
        versions.setdefault(convention.reservataire_id, []).append(convention)
    return versions


def _courante(versions: Iterable[Convention], jour: date) -> Convention | None:
    """La version en préparation s'il y en a une ; sinon celle qui court, à venir, ou la dernière échue."""
    versions = list(versions)
    for choix in (
        lambda une: une.etat != EtatConvention.SIGNEE,
        lambda une: une.est_en_vigueur(jour),
        lambda une: une.date_effet is not None and une.date_effet > jour,
        lambda une: True,
    ):
        retenues = [une for une in versions if choix(une)]
        if retenues:
            return retenues[-1]
    return None


def _etape(reservataire: Reservataire, convention: Convention | None, envois: int, jour: date) -> str:
    if convention is None:
        return "maintenu" if reservataire.type in STOCK_MAINTENU else "sans"
    if convention.etat != EtatConvention.SIGNEE:
        return str(convention.etat)
    if convention.date_effet is not None and convention.date_effet <= jour and not convention.est_en_vigueur(jour):
        return "echue"
    return "transmise" if envois else "signee"


def _attend_une_reponse(convention: Convention | None, bailleur_id: int) -> bool:
    """Vrai si le dernier mot du fil n'est pas du bailleur."""
    if convention is None or convention.etat != EtatConvention.PROPOSEE:
        return False
    auteur = getattr(convention, "dernier_auteur", None)
    return auteur is not None and auteur != bailleur_id


def _transmissions(bailleur_id: int, departement: str) -> dict[str, tuple[int, int]]:
    """Par convention : envois déposés, envois accusés."""
    lignes = (
        Envoi.objects.filter(
            genre=GenreEnvoi.TRANSMISSION,
            emetteur_id=bailleur_id,
            departement_id=departement,
            objet_type="conventions.convention",
        )
        .order_by()
        .values("objet_cle")
        .annotate(total=Count("pk"), accuses=Count("pk", filter=Q(recu_le__isnull=False)))
        .values_list("objet_cle", "total", "accuses")
    )
    return {cle: (total, accuses) for cle, total, accuses in lignes}


def _echeances(bailleur_id: int, departement: str, lignes: Iterable[LigneDuTableau], jour: date) -> list[Echeance]:
    """Fins de convention, mises en demeure, concertations : ce qui vient dans les six mois, et ce qui est passé sans suite."""
    trouvees = [
        Echeance(
            ligne.convention.date_fin,
            f"Terme de la convention {ligne.convention.numero}, {ligne.reservataire.nom}",
            reverse("convention", args=[ligne.convention.pk]),
        )
        for ligne in lignes
        if ligne.convention is not None
        and ligne.convention.date_fin is not None
        and ligne.etape in {"signee", "transmise"}
        and jour <= ligne.convention.date_fin <= jour + PREAVIS
    ]
    for manquement in Manquement.objects.filter(bailleur_id=bailleur_id, departement_id=departement).ouverts():
        sur_une_convention = manquement.convention_id is not None
        avancement = Avancement(manquement.mise_en_demeure_le, manquement.suite, jour, sur_une_convention)
        trouvees.append(
            Echeance(
                avancement.possible_le,
                f"Mise en demeure du préfet : {'résiliation' if sur_une_convention else 'arrêté'} possible",
                reverse("manquement", args=[manquement.pk]),
                avancement.est_echue,
            )
        )
    ouvertes = Concertation.objects.filter(
        bailleur_id=bailleur_id, departement_id=departement, etat=EtatConcertation.OUVERTE
    )
    trouvees += [
        Echeance(
            une.reponse_avant_le,
            f"Propositions attendues, programme {une.programme}",
            reverse("concertation", args=[une.pk]),
            une.reponse_avant_le < jour,
        )
        for une in ouvertes
    ]
    return sorted(trouvees, key=lambda echeance: (echeance.le, echeance.libelle))
