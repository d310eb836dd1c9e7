"""La seconde barrière : les politiques de lignes de PostgreSQL, miroir des `visibles_par`, tiennent sous une vue fautive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from attributions.models import Candidat, Liberation, MembreSeance, Orientation, Proposition, Seance
from bilans.models import Bilan, Prevision
from conventions.models import (
    Bailleur,
    Commentaire,
    Complement,
    Concertation,
    ContactAutorite,
    Convention,
    ConventionDeposee,
    Droit,
    Gabarit,
    Logement,
    Manquement,
    PartConcertation,
    Reservataire,
    ReservationStock,
    SituationLogement,
    VersionProposee,
)
from flux_reservations.acces.models import Absence, Organisme, Rattachement, Secteur, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.echanges.models import DemandeOrganisme, ExportComplet
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.series.models import Serie
from flux_reservations.socle import rls
from flux_reservations.socle.models import EntreeJournal
from tests.acces.monde import Monde, batir_monde
from tests.fabriques import acteur_de, creer_logement

pytestmark = [pytest.mark.django_db]

MODELES_A_QUERYSET: tuple[type[Any], ...] = (
    Liberation, Orientation, Proposition, Candidat, Bilan, Prevision, Convention, ReservationStock, Envoi, Piece, EntreeJournal,
    Rattachement, Organisme, Reservataire, Bailleur, Seance, MembreSeance, Secteur, Absence,
    Commentaire, Complement, ContactAutorite, Concertation, PartConcertation, Manquement,
    ConventionDeposee, DemandeOrganisme, ExportComplet, Serie,
)  # fmt: skip
ROLES = ["bailleur_a", "bailleur_b", "mairie", "caf", "etat", "etat_voisin", "epci", "plateforme", "caleol", "anonyme"]


@pytest.fixture
def monde() -> Monde:
    """Deux bailleurs, leurs réservataires, deux préfectures, un EPCI, et une ligne de chaque sorte."""
    return batir_monde()


def cles(requete: Any) -> set[Any]:
    """Clés d'une requête."""
    return set(requete.values_list("pk", flat=True))


@pytest.mark.parametrize("role", ROLES)
def test_les_politiques_laissent_voir_ce_que_montre_visibles_par_et_rien_de_plus(monde: Monde, role: str) -> None:
    acteur = monde.acteurs[role]
    for modele in MODELES_A_QUERYSET:
        attendues = cles(modele.objects.visibles_par(acteur))
        with rls.pour_acteur(acteur):
            assert cles(modele.objects.visibles_par(acteur)) == attendues, modele
            vues = cles(modele.objects.all())
        assert vues == attendues | monde.toleres.get((role, modele), set()), modele


def test_les_liberations_d_un_reservataire_se_trouvent_sans_parcourir_celles_de_la_plateforme() -> None:
    """La fonction est évaluée à chaque lecture d'une libération : elle ne part que des orientations, délégations et séances de qui lit."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT prosrc FROM pg_proc WHERE proname = 'flux_liberations_du_reservataire'")
        (corps,) = curseur.fetchone()
    assert "attributions_orientation" in corps
    assert "attributions_liberation" not in corps


@pytest.mark.parametrize("role", ROLES)
def test_le_patrimoine_ne_se_lit_que_du_bailleur_ou_par_une_mise_a_disposition(monde: Monde, role: str) -> None:
    acteur = monde.acteurs[role]
    par_liberation = cles(Logement.objects.filter(liberations__in=Liberation.objects.visibles_par(acteur)))
    par_stock = cles(Logement.objects.filter(reservations_stock__in=ReservationStock.objects.visibles_par(acteur)))
    attendus = cles(Logement.objects.visibles_par(acteur)) | par_liberation | par_stock
    attendus |= monde.toleres.get((role, Logement), set())
    situations = cles(SituationLogement.objects.filter(logement__in=attendus))
    with rls.pour_acteur(acteur):
        assert cles(Logement.objects.all()) == attendus
        assert cles(SituationLogement.objects.all()) == situations


def test_un_bailleur_ne_lit_ni_les_droits_ni_les_contenus_de_l_autre(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["bailleur_b"]):
        assert cles(Droit.objects.all()) == cles(Droit.objects.filter(convention__bailleur=monde.bailleur_b))
        assert not Contenu.objects.filter(pieces__organisme=monde.bailleur_a).exists()
        assert not Droit.perimetre.through.objects.exclude(droit__convention__bailleur=monde.bailleur_b).exists()


def test_une_version_proposee_et_un_gabarit_se_lisent_avec_leur_convention(monde: Monde) -> None:
    for role, attendu in (
        ("mairie", True),
        ("bailleur_a", True),
        ("bailleur_b", False),
        ("epci", False),
        ("caf", False),
    ):
        with rls.pour_acteur(monde.acteurs[role]):
            assert VersionProposee.objects.filter(convention=monde.convention_mairie).exists() is attendu
    for role, attendu in (("mairie", True), ("bailleur_a", True), ("bailleur_b", False), ("caf", False)):
        with rls.pour_acteur(monde.acteurs[role]):
            assert Gabarit.objects.filter(pk=monde.gabarit_a.pk).exists() is attendu


def test_un_reservataire_ne_commente_que_ses_conventions_et_au_nom_de_personne_d_autre(monde: Monde) -> None:
    champs = {"rang": 1, "texte": "Un mot."}
    with rls.pour_acteur(monde.acteurs["mairie"]):
        Commentaire.objects.create(convention=monde.convention_mairie, organisme_id=monde.mairie.pk, **champs)
        for convention, auteur in ((monde.convention_etat, monde.mairie), (monde.convention_mairie, monde.caf)):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                Commentaire.objects.create(convention_id=convention.pk, organisme_id=auteur.pk, **champs)


def test_une_personne_ne_voit_que_les_personnes_de_ses_organismes(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["caf"]):
        assert cles(Utilisateur.objects.all()) == {monde.acteurs["caf"].utilisateur_id}
    with rls.dans(rls.ANONYME):
        assert not Utilisateur.objects.exists()
        assert not Organisme.objects.exists()


def test_un_lecteur_ne_peut_rien_ecrire_meme_si_une_action_l_oublie(monde: Monde) -> None:
    lecteur = acteur_de(monde.bailleur_a, Role.LECTEUR)
    with rls.pour_acteur(lecteur):
        assert Liberation.objects.filter(pk=monde.liberation_a.pk).update(motif_exclusion="lu") == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            creer_logement(monde.bailleur_a)


def test_un_bailleur_ne_peut_ni_changer_ni_ajouter_chez_l_autre(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["bailleur_b"]):
        assert Liberation.objects.filter(pk=monde.liberation_a.pk).update(motif_exclusion="vol") == 0
        assert Liberation.objects.filter(pk=monde.liberation_a.pk).delete()[0] == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Logement.objects.create(
                bailleur_id=monde.bailleur_a.pk, identifiant="X", commune_id="94028", typologie="T2"
            )


def test_un_reservataire_ecrit_ses_candidats_et_pas_ceux_d_un_autre(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["mairie"]):
        Candidat.objects.create(orientation=monde.orientation_mairie, numero_demande="0940000000000000AB")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Candidat.objects.create(orientation_id=monde.orientation_caf.pk, numero_demande="0940000000000000AC")


def refuse(requete: Callable[[], object]) -> None:
    """La base refuse cette écriture, sans rien garder."""
    with pytest.raises(DatabaseError, match=r"colonnes gardées|row-level security"), transaction.atomic():
        requete()


@pytest.mark.parametrize(
    "changement",
    [
        {"date_limite_prolongee": date(2030, 1, 1)},
        {"date_mise_a_disposition": date(2030, 1, 1)},
        {"decision": "attribution"},
        {"issue": "bail"},
        {"issue": "carence"},
        {"reservataire": None},
        {"motif": "autre"},
    ],
    ids=str,
)
def test_un_reservataire_ne_change_d_une_orientation_que_ses_propositions_et_le_rendu(
    monde: Monde, changement: dict[str, Any]
) -> None:
    lignes = Orientation.objects.filter(pk=monde.orientation_mairie.pk)
    with rls.pour_acteur(monde.acteurs["mairie"]):
        refuse(lambda: lignes.update(**changement))
        assert lignes.update(date_proposition=date(2026, 3, 1), nb_candidats=2) == 1
        assert lignes.update(issue="rendu", date_rendu=date(2026, 3, 2)) == 1
        refuse(lambda: lignes.update(issue="en_cours"))
    with rls.pour_acteur(monde.acteurs["bailleur_a"]):
        assert lignes.update(issue="en_cours", date_limite_prolongee=date(2030, 1, 1)) == 1


def test_un_reservataire_ne_decide_pas_de_ses_candidats(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["mairie"]):
        candidat = Candidat.objects.create(orientation=monde.orientation_mairie, numero_demande="0940000000000000AE")
        un = Candidat.objects.filter(pk=candidat.pk)
        refuse(lambda: un.update(decision="attribution", rang_caleol=1))
        refuse(lambda: un.update(date_presentation=date(2020, 1, 1)))
        refuse(
            lambda: Candidat.objects.create(
                orientation=monde.orientation_mairie, numero_demande="0940000000000000AF", decision="attribution"
            )
        )
    with rls.pour_acteur(monde.acteurs["bailleur_a"]):
        assert un.update(decision="attribution", rang_caleol=1) == 1
    with rls.pour_acteur(monde.acteurs["mairie"]):
        assert un.delete()[0] == 0, "un candidat examiné reste au dossier"


@pytest.mark.parametrize("role", ["mairie", "etat", "epci"])
def test_une_convention_ne_se_change_que_par_son_bailleur(monde: Monde, role: str) -> None:
    with rls.pour_acteur(monde.acteurs[role]):
        siennes = Convention.objects.filter(reservataire_id=monde.acteurs[role].organisme_id)
        assert list(siennes.select_for_update()) or role == "epci"
        for une in siennes:
            refuse(lambda une=une: Convention.objects.filter(pk=une.pk).update(carence_decomptee=False))
            refuse(
                lambda une=une: Convention.objects.filter(pk=une.pk).update(etat="signee", date_fin=None, motif_fin="x")
            )


def test_le_systeme_lit_et_ecrit_tout(monde: Monde) -> None:
    assert rls.contexte_courant() == rls.SYSTEME
    assert cles(Liberation.objects.all()) >= {monde.liberation_a.pk, monde.liberation_b.pk}


def test_le_contexte_est_repose_apres_un_retour_arriere(monde: Monde) -> None:
    with rls.pour_acteur(monde.acteurs["caf"]):
        with transaction.atomic():
            with rls.en_systeme():
                assert Logement.objects.count() >= 3
            transaction.set_rollback(True)
        assert Logement.objects.count() < 3


def test_le_contexte_revient_apres_une_transaction_avortee(monde: Monde) -> None:
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        rls.pour_acteur(monde.acteurs["caf"]),
        connection.cursor() as curseur,
    ):
        curseur.execute("SELECT 1 / 0")
    assert Logement.objects.count() >= 3


@pytest.mark.django_db(transaction=True)
def test_le_contexte_suit_une_reconnexion_et_ne_passe_pas_d_un_fil_a_l_autre() -> None:
    natures: list[str] = []

    def lire() -> None:
        with connection.cursor() as curseur:
            curseur.execute("SELECT current_setting('flux.nature', true), current_user")
            natures.append("/".join(curseur.fetchone()))

    def dans_un_fil() -> None:
        lire()
        connection.close()

    acteur = Acteur(nature=Nature.BAILLEUR, role=Role.LECTEUR, organisme_id=1)
    with rls.pour_acteur(acteur):
        lire()
        connection.close()
        lire()
        fil = Thread(target=dans_un_fil)
        fil.start()
        fil.join()
    lire()
    assert natures == [
        "bailleur/flux_application", "bailleur/flux_application", "systeme/flux_systeme", "systeme/flux_systeme",
    ]  # fmt: skip


def test_un_processus_http_est_anonyme_hors_d_une_requete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rls, "_defaut", rls.SYSTEME)
    rls.servir_en_http()
    assert rls.contexte_courant() == rls.ANONYME


@pytest.mark.regle("RG-26")
def test_un_delegataire_voit_et_sert_les_logements_du_titulaire_chez_ce_bailleur_seulement(monde: Monde) -> None:
    epci = monde.acteurs["epci"]
    with rls.pour_acteur(epci):
        (orientation,) = Orientation.objects.visibles_par(epci)
        assert orientation.liberation.bailleur_id == monde.bailleur_b.pk
        assert orientation.liberation.logement.commune_id == "94028"
        Candidat.objects.create(orientation=orientation, numero_demande="0940000000000000AD")
        assert Candidat.objects.filter(orientation__liberation__bailleur=monde.bailleur_a.pk).count() == 0


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.RESPONSABLE])
def test_un_bailleur_n_ajoute_ni_organisme_ni_reservataire(monde: Monde, role: Role) -> None:
    """Le registre est commun : un faux préfet recevrait les bilans de tous."""
    with rls.pour_acteur(acteur_de(monde.bailleur_a, role)):
        for ajouter in (
            lambda: Organisme.objects.create(nature="etat", nom="Fausse préfecture"),
            lambda: Reservataire.objects.create(nature="etat", nom="Faux", code="FAUX", type="etat"),
            lambda: Reservataire(organisme_ptr_id=monde.etat.pk, code="FAUX", type="etat").save_base(
                raw=True, force_insert=True
            ),
        ):
            with pytest.raises(DatabaseError, match=r"politique|policy"), transaction.atomic():
                ajouter()
