"""Découper en secteurs, confier des portefeuilles, se faire remplacer : les actes d'organisation d'un organisme (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from flux_reservations.acces.models import Absence, Portefeuille, Rattachement, Secteur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle import rls
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Commune


def enregistrer_secteur(
    *, acteur: Acteur, nom: str, boite: str = "", communes: Collection[str] = (), secteur_id: int | None = None
) -> Secteur:
    """Crée ou change un secteur de son organisme.

    Lève `ErreurMetier` sans nom ou pour une commune inconnue, `Conflit` si le nom est pris.
    """
    if acteur.organisme_id is None or not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    if not nom.strip():
        raise ErreurMetier("nom_obligatoire", "Donnez un nom au secteur.", champ="nom")
    connues = list(Commune.objects.filter(pk__in=communes).order_by("pk"))
    if inconnues := sorted(set(communes) - {une.pk for une in connues}):
        raise ErreurMetier("commune_inconnue", f"Codes de commune inconnus : {', '.join(inconnues)}.", champ="communes")
    try:
        with transaction.atomic():
            secteur = Secteur(organisme_id=acteur.organisme_id)
            if secteur_id is not None:
                secteur = _verrouiller(acteur, secteur_id)
            secteur.nom, secteur.boite = nom.strip(), boite.strip()
            secteur.save()
            secteur.communes.set(connues)
            journaliser(
                acteur=acteur,
                action="enregistrer_secteur",
                objet=secteur,
                organisme_id=secteur.organisme_id,
                apres={"nom": secteur.nom, "communes": [une.pk for une in connues]},
            )
    except IntegrityError as erreur:
        raise Conflit(f"Un secteur « {nom.strip()} » existe déjà.") from erreur
    return secteur


def supprimer_secteur(*, acteur: Acteur, secteur_id: int) -> None:
    """Retire un secteur et les portefeuilles qui le citent ; les logements, eux, ne changent pas."""
    with transaction.atomic():
        secteur = _verrouiller(acteur, secteur_id)
        journaliser(
            acteur=acteur,
            action="supprimer_secteur",
            objet=secteur,
            organisme_id=secteur.organisme_id,
            avant={"nom": secteur.nom},
        )
        secteur.delete()


def confier_secteurs(*, acteur: Acteur, rattachement_id: int, secteurs: Collection[int]) -> Rattachement:
    """Confie exactement ces secteurs à une personne de l'organisme."""
    with transaction.atomic():
        rattachement = _personne(acteur, rattachement_id)
        permis = Secteur.objects.modifiables_par(acteur).filter(organisme_id=rattachement.organisme_id, pk__in=secteurs)
        choisis = set(permis.values_list("pk", flat=True))
        if set(secteurs) - choisis:
            raise ErreurMetier("secteur_inconnu", "Choisissez des secteurs de votre organisme.", champ="secteurs")
        avant = set(rattachement.portefeuilles.values_list("secteur_id", flat=True))
        rattachement.portefeuilles.filter(secteur_id__in=avant - choisis).delete()
        Portefeuille.objects.bulk_create(
            [Portefeuille(rattachement=rattachement, secteur_id=cle) for cle in sorted(choisis - avant)]
        )
        journaliser(
            acteur=acteur,
            action="confier_secteurs",
            objet=rattachement,
            organisme_id=rattachement.organisme_id,
            avant={"secteurs": sorted(avant)},
            apres={"secteurs": sorted(choisis)},
        )
    return rattachement


def noter_absence(*, acteur: Acteur, rattachement_id: int, remplacant_id: int, du: date, au: date) -> Absence:
    """Note une absence et son remplaçant : la sienne, ou celle de n'importe qui pour un responsable.

    Lève `ErreurMetier` si elle est finie, à l'envers, ou si le remplaçant n'est pas un autre agent en fonction ; `Conflit` si elle en
    recouvre une autre.
    """
    if au < du:
        raise ErreurMetier("dates_a_l_envers", "L'absence finit avant de commencer.", champ="au")
    if au < timezone.localdate():
        raise ErreurMetier("absence_passee", "Cette absence est déjà finie.", champ="au")
    with transaction.atomic():
        rattachement = _personne(acteur, rattachement_id)
        remplacants = remplacants_possibles(acteur, rattachement)
        remplacant = next((un for un in remplacants if un.pk == remplacant_id), None)
        if remplacant is None:
            raise ErreurMetier("remplacant_inconnu", "Choisissez un autre agent de l'organisme.", champ="remplacant")
        try:
            with transaction.atomic():
                absence = Absence.objects.create(rattachement=rattachement, remplacant=remplacant, du=du, au=au)
        except IntegrityError as erreur:
            raise Conflit("Une absence est déjà notée sur ces jours : retirez-la d'abord.") from erreur
        journaliser(
            acteur=acteur,
            action="noter_absence",
            objet=rattachement,
            organisme_id=rattachement.organisme_id,
            apres={"du": du, "au": au, "remplacant": remplacant.pseudonyme},
        )
    return absence


def retirer_absence(*, acteur: Acteur, absence_id: int) -> None:
    """Retire une absence : le remplaçant perd aussitôt le portefeuille."""
    with transaction.atomic():
        absence = Absence.objects.modifiables_par(acteur).filter(pk=absence_id).select_for_update().first()
        if absence is None:
            raise Introuvable
        journaliser(
            acteur=acteur,
            action="retirer_absence",
            objet=absence.rattachement,
            organisme_id=absence.rattachement.organisme_id,
            avant={"du": absence.du, "au": absence.au},
        )
        absence.delete()


def choisir_recapitulatif(*, acteur: Acteur, rattachement_id: int, recoit: bool) -> Rattachement:
    """Recevoir ou non le récapitulatif hebdomadaire de cet organisme."""
    with transaction.atomic():
        rattachement = _personne(acteur, rattachement_id)
        rattachement.recapitulatif = recoit
        with rls.en_identification():  # un lecteur n'écrit rien d'autre que ce choix, sur sa propre ligne
            rattachement.save(update_fields=["recapitulatif"])
        journaliser(
            acteur=acteur,
            action="choisir_recapitulatif",
            objet=rattachement,
            organisme_id=rattachement.organisme_id,
            apres={"recoit": recoit},
        )
    return rattachement


def remplacants_possibles(acteur: Acteur, rattachement: Rattachement) -> list[Rattachement]:
    """Les autres agents en fonction de l'organisme, un membre de la CALEOL excepté."""
    autres = (
        Rattachement.objects.visibles_par(acteur)
        .actifs()
        .filter(organisme_id=rattachement.organisme_id, service=rattachement.service)
        .exclude(pk=rattachement.pk)
        .exclude(role=Role.MEMBRE)
    )
    return list(autres.select_related("utilisateur", "organisme").order_by("utilisateur__nom", "pk"))


def _verrouiller(acteur: Acteur, secteur_id: int) -> Secteur:
    secteur = Secteur.objects.modifiables_par(acteur).filter(pk=secteur_id).select_for_update(of=("self",)).first()
    if secteur is None:
        raise Introuvable
    return secteur


def _personne(acteur: Acteur, rattachement_id: int) -> Rattachement:
    """Le rattachement d'une personne de l'organisme : le sien, ou n'importe lequel pour un responsable."""
    permis = Rattachement.objects.visibles_par(acteur).actifs().filter(organisme_id=acteur.organisme)
    if not acteur.peut(Role.RESPONSABLE):
        permis = permis.filter(utilisateur_id=acteur.utilisateur_id or 0)
    with rls.en_identification():  # verrouiller, c'est pouvoir écrire : un lecteur ne le pourrait pas
        rattachement = permis.filter(pk=rattachement_id).select_for_update(of=("self",)).first()
    if rattachement is None:
        raise Introuvable
    return rattachement
