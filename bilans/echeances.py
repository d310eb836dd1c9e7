"""L'échéancier d'un bailleur : obligations, séances, fins de convention, délais de présentation ; rappels gradués (RG-67)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils import timezone

from attributions.chargement.pile import charger_pile
from attributions.models import EtatSeance, Seance
from bilans.domaine.obligations import obligations_a_venir
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from conventions.models import Bailleur, Convention, Logement, Manquement
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.droit.delais import HORIZON_DE_L_ECHEANCIER, RAPPELS_D_ECHEANCE, resiliation_possible_le
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import MessageRappel
from flux_reservations.notifications.models import Envoi, GenreEnvoi

JOURS_PROCHES = 15
"""En deçà, une échéance qui reste à faire se signale."""


@dataclass(frozen=True, slots=True)
class Echeance:
    """Une date, ce qu'il y a à faire, la règle, où le faire ; `est_faite` : l'acte est déjà accompli."""

    le: date
    libelle: str
    regle: str
    jours: int
    adresse: str = ""
    est_faite: bool = False

    @property
    def est_proche(self) -> bool:
        """Vrai dans les quinze jours ou une fois dépassée, s'il reste à faire."""
        return not self.est_faite and self.jours <= JOURS_PROCHES


def charger_echeances(acteur: Acteur, le: date, horizon: timedelta | None = None) -> list[Echeance]:
    """Les échéances de l'acteur jusqu'à l'horizon, dans l'ordre, avec les actes dus qui n'ont pas été faits à temps.

    Un nombre fixe de requêtes.
    """
    horizon = horizon or timedelta(days=HORIZON_DE_L_ECHEANCIER.valeur(le))
    fin = le + horizon
    echeances = [*_obligations(acteur, le, horizon), *_du_prefet(acteur, le, fin)]
    echeances += [*_seances(acteur, le, fin), *_presentations(acteur, le, fin)]
    return sorted(echeances, key=lambda echeance: (echeance.le, echeance.libelle))


def _obligations(acteur: Acteur, le: date, horizon: timedelta) -> Iterable[Echeance]:
    fins = (
        Convention.objects.visibles_par(acteur)
        .en_vigueur(le)
        .filter(date_fin__isnull=False)
        .values_list("numero", "pk", "date_fin")
    )
    termes = {numero: (cle, fin) for numero, cle, fin in fins if fin}
    departements = Logement.objects.visibles_par(acteur).values("commune__departement").distinct().count()
    publies: dict[tuple[str, int], set[str]] = {}
    for genre, annee, departement in (
        Bilan.objects.visibles_par(acteur).filter(etat=EtatBilan.PUBLIE).values_list("genre", "annee", "departement_id")
    ):
        publies.setdefault((genre, annee), set()).add(departement)

    def est_publie(genre: GenreBilan, annee: int) -> bool:
        return 0 < departements <= len(publies.get((genre.value, annee), ()))

    for obligation in obligations_a_venir(le, {numero: fin for numero, (_, fin) in termes.items()}, horizon):
        faite, adresse = False, reverse("bilans")
        if obligation.regle == "RG-61":
            faite = est_publie(GenreBilan.DEBUT_ANNEE, obligation.le.year)
        elif obligation.regle == "RG-60":
            faite = est_publie(GenreBilan.ANNUEL, obligation.le.year - 1) and est_publie(
                GenreBilan.DEBUT_ANNEE, obligation.le.year
            )
        else:
            cle = next((cle for numero, (cle, _) in termes.items() if f" {numero} " in obligation.libelle), None)
            adresse = reverse("convention", args=[cle]) if cle else reverse("conventions")
        if not (faite and obligation.jours < 0):
            yield Echeance(obligation.le, obligation.libelle, obligation.regle, obligation.jours, adresse, faite)


def _du_prefet(acteur: Acteur, le: date, fin: date) -> Iterable[Echeance]:
    """Ce que le préfet a ouvert : une mise en demeure sans suite, une dérogation qui finit (RG-14, RG-20)."""
    for cle, depuis in Manquement.objects.visibles_par(acteur).ouverts().values_list("pk", "mise_en_demeure_le"):
        possible = resiliation_possible_le(depuis)
        if possible <= fin:
            yield Echeance(
                possible,
                "Mise en demeure du préfet sans suite : la résiliation devient possible",
                "RG-20",
                (possible - le).days,
                reverse("manquement", args=[cle]),
            )
    derogations = Convention.objects.visibles_par(acteur).en_vigueur(le).filter(derogation_fin__range=(le, fin))
    for cle, numero, jusqu_au in derogations.values_list("pk", "numero", "derogation_fin"):
        if jusqu_au is not None:
            yield Echeance(
                jusqu_au,
                f"La dérogation préfectorale de la convention {numero} prend fin",
                "RG-14",
                (jusqu_au - le).days,
                reverse("convention", args=[cle]),
            )


def _seances(acteur: Acteur, le: date, fin: date) -> Iterable[Echeance]:
    seances = Seance.objects.visibles_par(acteur).filter(etat=EtatSeance.PREVUE, date__range=(le, fin))
    for seance in seances:
        lieu = f", {seance.lieu}" if seance.lieu else ""
        yield Echeance(
            seance.date,
            f"Séance de la CALEOL{lieu}",
            "RG-43",
            (seance.date - le).days,
            reverse("seance", args=[seance.pk]),
        )


def _presentations(acteur: Acteur, le: date, fin: date) -> Iterable[Echeance]:
    for ligne in charger_pile(acteur, le).candidats_attendus:
        if ligne.limite and le <= ligne.limite <= fin:
            liberation = ligne.orientation.liberation
            yield Echeance(
                ligne.limite,
                f"Candidats attendus de {ligne.orientation.nom_du_compte} (libération {liberation.numero})",
                "RG-46",
                (ligne.limite - le).days,
                reverse("liberation", args=[liberation.pk]),
            )


def rappeler_les_echeances(le: date) -> int:
    """Envoie à chaque bailleur ses rappels du jour, le lendemain compris ; relancée, n'envoie rien de plus. Rend leur nombre."""
    nombre, jours_de_rappel = 0, frozenset(RAPPELS_D_ECHEANCE.valeur(le))
    for bailleur in Bailleur.objects.exclude(courriel="").order_by("pk"):
        for echeance in charger_echeances(lecteur_de(bailleur.pk), le, timedelta(days=max(jours_de_rappel))):
            if echeance.regle == "RG-46" or echeance.est_faite or echeance.jours not in jours_de_rappel:
                continue
            message = MessageRappel(bailleur.nom, echeance.libelle, echeance.le, echeance.jours)
            if _est_deja_parti(bailleur.pk, message.objet_d_une_ligne(), le):
                continue
            deposer_lot(
                acteur=Acteur.systeme("échéancier"),
                emetteur=bailleur,
                message=message,
                destinataires=[Destinataire(bailleur.nom, bailleur.pk, bailleur.courriel)],
                objet=Objet(annee=le.year, page=reverse("echeancier")),
            )
            nombre += 1
    return nombre


def _est_deja_parti(bailleur_id: int, objet: str, le: date) -> bool:
    """Vrai si ce rappel est déjà déposé ce jour-là (jour de l'application) ou aujourd'hui."""
    return Envoi.objects.filter(
        emetteur_id=bailleur_id, genre=GenreEnvoi.RAPPEL, objet=objet, depose_le__date__in=[le, timezone.localdate()]
    ).exists()


def lecteur_de(organisme_id: int, utilisateur_id: int | None = None) -> Acteur:
    """Un lecteur du bailleur : ce que voient ses rappels et son flux de calendrier."""
    return Acteur(
        Nature.BAILLEUR, Role.LECTEUR, organisme_id=organisme_id, utilisateur_id=utilisateur_id, nom="échéancier"
    )
