"""La concertation d'un programme neuf, de l'invitation à l'entrée dans le flux, et son compteur à part (RG-22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.chargement.programme_neuf import charger_compteur
from conventions.actions import concertations as actes
from conventions.actions.pieces import Fichier
from conventions.domaine.codes import EtatConcertation
from conventions.models import Bailleur, Concertation, PartConcertation, Reservataire
from flux_reservations.commun.acteur import Acteur, Role, Service
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle import rls
from flux_reservations.territoires.models import Commune
from tests.fabriques import (
    CRETEIL,
    acteur_de,
    creer_bailleur,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-22")]
JOUR = timezone.localdate()


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


@pytest.fixture
def invites() -> list[Reservataire]:
    return [creer_etat(), creer_reservataire("AL", "action_logement", None, courriel="al@essai.example")]


def programme(**champs: object) -> actes.Programme:
    valeurs: dict[str, object] = {
        "nom": "Les Tilleuls",
        "commune": Commune.objects.get(pk=CRETEIL),
        "logements": 10,
        "livraison_le": JOUR + timedelta(days=120),
        "reponse_avant_le": JOUR + timedelta(days=30),
    }
    return actes.Programme(**(valeurs | champs))  # type: ignore[arg-type]


def ouvrir(acteur: Acteur, bailleur: Bailleur, invites: list[Reservataire], **champs: object) -> Concertation:
    return actes.ouvrir_concertation(
        acteur=acteur, bailleur_id=bailleur.pk, programme=programme(**champs), invites=invites
    )


def repartir(concertation: Concertation, *nombres: int) -> dict[int, int]:
    return dict(zip(concertation.parts.order_by("pk").values_list("pk", flat=True), nombres, strict=True))


def test_de_l_invitation_a_l_entree_dans_le_flux(
    bailleur: Bailleur, responsable: Acteur, invites: list[Reservataire]
) -> None:
    une = ouvrir(responsable, bailleur, invites)
    # L'État par ses deux comptes, Action Logement, le bailleur.
    assert [part.sous_contingent for part in une.parts.all()] == ["prioritaires", "agents", "", ""]
    envois = Envoi.objects.filter(genre=GenreEnvoi.CONCERTATION)
    assert {un.destinataire_id for un in envois} == {un.pk for un in invites}
    assert len({(un.lot, un.depose_le) for un in envois}) == 1
    al = acteur_de(invites[1])
    part = une.parts.get(reservataire=invites[1])
    actes.proposer_une_part(acteur=al, part_id=part.pk, demandes=4, souhait="Des T3.")
    actes.proposer_une_part(acteur=al, part_id=part.pk, demandes=3, souhait="Des T3.")
    fichier = Fichier("cr.pdf", page_pdf(("Compte rendu",)))
    actes.arreter_la_repartition(
        acteur=responsable,
        concertation_id=une.pk,
        parts=repartir(une, 2, 1, 3, 4),
        compte_rendu="Réunion du jour : chacun est d'accord.",
        fichier=fichier,
    )
    assert Piece.objects.visibles_par(al).count() == 1
    with pytest.raises(ErreurMetier) as refus:
        actes.proposer_une_part(acteur=al, part_id=part.pk, demandes=5, souhait="")
    assert refus.value.code == "repartition_arretee"
    actes.constater_l_entree_dans_le_flux(acteur=responsable, concertation_id=une.pk, le=JOUR)
    une.refresh_from_db()
    assert (une.etat, une.dans_le_flux_le) == (EtatConcertation.DANS_LE_FLUX, JOUR)


@pytest.mark.parametrize(
    ("nombres", "compte_rendu", "code"),
    [
        ((2, 1, 3, 3), "Compte rendu.", "repartition_fausse"),
        ((2, 1, 3, 4), "  ", "compte_rendu_absent"),
        ((12, 1, -3, 0), "Compte rendu.", "repartition_incomplete"),
    ],
)
def test_une_repartition_fausse_n_ecrit_rien(
    bailleur: Bailleur,
    responsable: Acteur,
    invites: list[Reservataire],
    nombres: tuple[int, ...],
    compte_rendu: str,
    code: str,
) -> None:
    une = ouvrir(responsable, bailleur, invites)
    with pytest.raises(ErreurMetier) as refus:
        actes.arreter_la_repartition(
            acteur=responsable, concertation_id=une.pk, parts=repartir(une, *nombres), compte_rendu=compte_rendu
        )
    assert refus.value.code == code
    une.refresh_from_db()
    assert une.etat == EtatConcertation.OUVERTE
    assert not une.parts.filter(arretes__isnull=False).exists()


def test_ouvrir_exige_des_invites_des_dates_justes_et_un_programme_nouveau(
    bailleur: Bailleur, responsable: Acteur, invites: list[Reservataire]
) -> None:
    for champs, code in (
        ({"invites": []}, "sans_invite"),
        ({"reponse_avant_le": JOUR + timedelta(days=300)}, "dates_inversees"),
    ):
        with pytest.raises(ErreurMetier) as refus:
            ouvrir(responsable, bailleur, champs.pop("invites", invites), **champs)  # type: ignore[arg-type]
        assert refus.value.code == code
    ouvrir(responsable, bailleur, invites)
    with pytest.raises(ErreurMetier) as refus:
        ouvrir(responsable, bailleur, invites)
    assert refus.value.code == "concertation_existante"
    assert Concertation.objects.count() == 1


def test_un_invite_ne_voit_que_sa_part_tant_que_rien_n_est_arrete(
    bailleur: Bailleur, responsable: Acteur, invites: list[Reservataire]
) -> None:
    une = ouvrir(responsable, bailleur, invites)
    al, etranger = acteur_de(invites[1]), acteur_de(creer_reservataire("MSA"))
    assert PartConcertation.objects.visibles_par(al).count() == 1
    assert not Concertation.objects.visibles_par(etranger).exists()
    autre = une.parts.filter(reservataire=invites[0]).first()
    assert autre is not None
    with pytest.raises(Introuvable):
        actes.proposer_une_part(acteur=al, part_id=autre.pk, demandes=1, souhait="")
    with pytest.raises(AccesRefuse):
        actes.arreter_la_repartition(
            acteur=acteur_de(bailleur), concertation_id=une.pk, parts=repartir(une, 2, 1, 3, 4), compte_rendu="CR"
        )
    actes.arreter_la_repartition(
        acteur=responsable, concertation_id=une.pk, parts=repartir(une, 2, 1, 3, 4), compte_rendu="CR"
    )
    assert PartConcertation.objects.visibles_par(al).count() == 4


def test_un_service_de_l_etat_ne_repond_que_pour_ses_publics(
    bailleur: Bailleur, responsable: Acteur, invites: list[Reservataire]
) -> None:
    une = ouvrir(responsable, bailleur, invites)
    agents = replace(acteur_de(invites[0]), service=Service.AGENTS)
    part = une.parts.get(sous_contingent="prioritaires")
    with pytest.raises(Introuvable):
        actes.proposer_une_part(acteur=agents, part_id=part.pk, demandes=1, souhait="")
    with rls.pour_acteur(agents):
        assert [un.sous_contingent for un in PartConcertation.objects.all()] == ["agents"]
        assert PartConcertation.objects.filter(pk=part.pk).update(demandes=1) == 0


def test_le_compteur_a_part_suit_les_premieres_locations_du_programme(
    bailleur: Bailleur, responsable: Acteur, invites: list[Reservataire]
) -> None:
    une = ouvrir(responsable, bailleur, invites)
    etat, al = invites
    for reservataire, contingent, bail in (
        (etat, "prioritaires", True),
        (al, "", True),
        (al, "", False),
        (None, "", True),
    ):
        logement = creer_logement(bailleur, programme="Les Tilleuls")
        liberation = creer_liberation(
            logement, date(2026, 3, 1), nature="premiere_location", date_bail=date(2026, 3, 20) if bail else None
        )
        creer_orientation(liberation, reservataire, sous_contingent=contingent)
    ailleurs = creer_logement(bailleur, programme="Autre")
    creer_orientation(creer_liberation(ailleurs, nature="premiere_location", date_bail=date(2026, 4, 1)), al)
    actes.arreter_la_repartition(
        acteur=responsable, concertation_id=une.pk, parts=repartir(une, 2, 1, 3, 4), compte_rendu="CR"
    )
    compteur = charger_compteur(une, une.parts.select_related("reservataire").order_by("pk"))
    assert [(ligne.orientes, ligne.loues, ligne.reste) for ligne in compteur.lignes] == [
        (1, 1, 1),
        (0, 0, 1),
        (2, 1, 2),
        (1, 1, 3),
    ]
    assert (compteur.loues, compteur.part_de_l_etat) == (3, 30)


def test_tout_se_fait_a_l_ecran(client: Client, bailleur: Bailleur, invites: list[Reservataire]) -> None:
    creer_logement(bailleur)
    une = ouvrir(acteur_de(bailleur, Role.RESPONSABLE), bailleur, invites)
    client.force_login(creer_utilisateur(invites[1]))
    part = une.parts.get(reservataire=invites[1])
    client.post(reverse("proposer_part", args=[part.pk]), {"demandes": "3", "souhait": "Des T3."})
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    fiche = client.get(reverse("concertation", args=[une.pk])).content.decode()
    assert "Des T3." in fiche
    parts = {f"part_{pk}": str(nombre) for pk, nombre in repartir(une, 2, 1, 3, 3).items()}
    adresse = reverse("arreter_repartition", args=[une.pk])
    refus = client.post(adresse, parts | {"compte_rendu": "Réunis."})
    assert refus.status_code == 422
    assert "9 logements pour un programme de 10" in refus.content.decode()
    parts = {f"part_{pk}": str(nombre) for pk, nombre in repartir(une, 2, 1, 3, 4).items()}
    assert client.post(adresse, parts | {"compte_rendu": "Réunis."}).status_code == 302
    assert "Réunis." in client.get(reverse("concertation", args=[une.pk])).content.decode()
