"""Ce qu'essaie un attaquant, et qui ne marche pas : secrets relus, essais répétés, redirections, en-têtes, pièces piégées, CSRF."""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from conventions.models import Bailleur
from flux_reservations.acces import actions_invitations
from flux_reservations.acces.models import Connexion, Invitation, Jeton, Organisme, Rattachement
from flux_reservations.acces.sessions import adresse_ip
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle import rls
from flux_reservations.socle.journal_http import masquer
from tests.acces.matrice import LIGNES
from tests.acces.monde import batir_monde
from tests.fabriques import acteur_de, creer_bailleur, creer_utilisateur

pytestmark = pytest.mark.django_db
MOT_DE_PASSE = "mot de passe d'essai"


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur."""
    return creer_bailleur()


def connecter(organisme: object, role: Role = Role.GESTIONNAIRE) -> Client:
    """Un navigateur connecté."""
    client = Client()
    client.force_login(creer_utilisateur(organisme, role))
    return client


def inviter(bailleur: Bailleur, courriel: str = "neuve@essai.example") -> str:
    """Invite un responsable, et rend le secret du lien."""
    chef = acteur_de(bailleur, Role.RESPONSABLE)
    with rls.pour_acteur(chef):
        actions_invitations.inviter(acteur=chef, organisme_id=bailleur.pk, courriel=courriel, role="responsable")
    trouve = re.search(r"/invitation/([^/\s]+)/", Envoi.objects.latest("pk").corps)
    assert trouve is not None
    return trouve.group(1)


@pytest.mark.regle("RG-66")
def test_un_lecteur_ne_s_eleve_pas_en_lisant_le_lien_d_une_invitation(bailleur: Bailleur) -> None:
    secret = inviter(bailleur)
    envoi = Envoi.objects.get()
    for role in (Role.LECTEUR, Role.GESTIONNAIRE, Role.RESPONSABLE):
        client = connecter(bailleur, role)
        assert client.get(reverse("envoi", args=[envoi.pk])).status_code == 404
        assert client.get(reverse("envoi_recu", args=[envoi.cle])).status_code == 404
        assert client.get(reverse("api-envois-detail", args=[envoi.pk])).status_code == 404
        assert secret not in client.get(reverse("envois")).content.decode()
        with rls.pour_acteur(acteur_de(bailleur, role)):
            assert not Envoi.objects.filter(pk=envoi.pk).exists()


def test_un_lien_egare_ne_sert_pas_a_deviner_un_mot_de_passe(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(creer_bailleur("Autre"))
    secret = inviter(bailleur, personne.courriel)
    for _ in range(5):
        with pytest.raises(ErreurMetier, match="mot de passe actuel"):
            actions_invitations.accepter_invitation(secret=secret, prenom="", nom="", mot_de_passe="au hasard, encore")
    with pytest.raises(Introuvable):
        actions_invitations.accepter_invitation(secret=secret, prenom="", nom="", mot_de_passe=MOT_DE_PASSE)
    assert Invitation.objects.get().annulee_le is not None


def test_un_lien_de_mot_de_passe_ne_part_que_trois_fois_par_heure_et_ne_dit_pas_qui_existe(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    reponses = [
        Client().post(reverse("mot_de_passe_oublie"), {"email": un}) for un in [personne.courriel] * 5 + ["x@y.example"]
    ]
    assert Envoi.objects.count() == 3
    assert len({(reponse.status_code, reponse.headers["Location"]) for reponse in reponses}) == 1
    assert not Envoi.objects.visibles_par(acteur_de(bailleur, Role.RESPONSABLE)).exists()


def test_l_administration_de_la_plateforme_ne_s_invite_pas_chez_un_bailleur(bailleur: Bailleur) -> None:
    plateforme = Organisme.objects.create(nature="plateforme", nom="Administration")
    admin = acteur_de(plateforme, Role.ADMINISTRATEUR)
    courriel = Rattachement.objects.get(utilisateur_id=admin.utilisateur_id).utilisateur.courriel
    with pytest.raises(ErreurMetier, match="n'administre pas"):
        actions_invitations.inviter(acteur=admin, organisme_id=bailleur.pk, courriel=courriel, role="responsable")
    secret = inviter(bailleur, "double@essai.example")
    creer_utilisateur(plateforme, Role.ADMINISTRATEUR, "double@essai.example")
    with pytest.raises(ErreurMetier, match="n'administre pas"):
        actions_invitations.accepter_invitation(secret=secret, prenom="", nom="", mot_de_passe=MOT_DE_PASSE)


@pytest.mark.parametrize("role", ["administrateur", "inconnu", ""])
def test_un_role_hors_de_la_liste_ne_s_invite_pas(bailleur: Bailleur, role: str) -> None:
    page = connecter(bailleur, Role.RESPONSABLE).post(reverse("inviter"), {"courriel": "a@essai.example", "role": role})
    assert page.status_code == 422
    assert not Invitation.objects.exists()


def test_un_champ_de_trop_ne_change_rien(bailleur: Bailleur) -> None:
    rattachement = creer_utilisateur(bailleur, Role.LECTEUR).rattachements.get()
    autre = creer_bailleur("Autre")
    donnees = {"role": "gestionnaire", "organisme_id": autre.pk, "utilisateur": 1, "service": "agents", "clos_le": ""}
    page = reverse("changer_role", args=[rattachement.pk])
    assert connecter(bailleur, Role.RESPONSABLE).post(page, donnees).status_code == 302
    rattachement.refresh_from_db()
    assert (rattachement.role, rattachement.organisme_id, rattachement.service) == ("gestionnaire", bailleur.pk, "")


@pytest.mark.parametrize("page", ["second_facteur_retirer", "codes_de_secours"])
def test_une_session_laissee_ouverte_n_affaiblit_pas_le_compte(bailleur: Bailleur, page: str) -> None:
    personne = creer_utilisateur(bailleur)
    TOTPDevice.objects.create(user=personne, name="application", confirmed=True)
    client = Client()
    client.force_login(personne)
    assert client.get(reverse(page)).status_code == 200
    assert client.post(reverse(page), {"code": "000000"}).status_code == 422
    assert TOTPDevice.objects.filter(user=personne, confirmed=True).exists()


@pytest.mark.parametrize("suite", ["https://mal.example/", "//mal.example", "javascript:alert(1)", "/\\mal.example"])
def test_aucune_redirection_ne_sort_de_l_application(bailleur: Bailleur, suite: str) -> None:
    personne = creer_utilisateur(bailleur)
    theme = Client().post(reverse("theme"), {"theme": "sombre", "suite": suite})
    entree = Client().post(
        f"{reverse('connexion')}?next={suite}",
        {"username": personne.courriel, "password": MOT_DE_PASSE, "next": suite},
    )
    for reponse in (theme, entree):
        assert reponse.status_code == 302
        assert "mal.example" not in reponse.headers["Location"]
        assert reponse.headers["Location"].startswith("/")


def test_la_page_de_refus_ne_ramene_pas_chez_un_autre(bailleur: Bailleur) -> None:
    client = connecter(bailleur, Role.RESPONSABLE)
    seul = Rattachement.objects.get(utilisateur_id=client.session["_auth_user_id"])
    page = client.post(reverse("fermer_acces", args=[seul.pk]), headers={"referer": "https://mal.example/piege"})
    assert "mal.example" not in page.content.decode()


def test_se_connecter_change_la_cle_de_session(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    client = Client()
    client.get(reverse("connexion"))
    session = client.session
    session["piege"] = "posé"
    session.save()
    client.cookies["sessionid"] = session.session_key or ""
    avant = session.session_key
    client.post(reverse("connexion"), {"username": personne.courriel, "password": MOT_DE_PASSE})
    assert client.session.session_key != avant


def test_les_en_tetes_protegent_chaque_page(bailleur: Bailleur) -> None:
    anonyme, page = Client().get(reverse("connexion")), connecter(bailleur).get(reverse("mon_compte"))
    for reponse in (anonyme, page):
        politique = reponse.headers["Content-Security-Policy"]
        assert "default-src 'self'" in politique
        assert "unsafe-inline" not in politique
        assert "frame-ancestors 'none'" in politique
        assert reponse.headers["X-Content-Type-Options"] == "nosniff"
        assert reponse.headers["X-Frame-Options"] == "DENY"
        assert reponse.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize("type_mime", ["text/html", "image/svg+xml", "application/javascript", "text/xml"])
def test_une_piece_piegee_est_telechargee_sans_type_executable(bailleur: Bailleur, type_mime: str) -> None:
    piece = Piece.objects.deposer(
        organisme_id=bailleur.pk,
        genre="essai",
        nom='a"\r\nX: y.html',
        type_mime=type_mime,
        octets=b"<script>1</script>",
    )
    reponse = connecter(bailleur).get(reverse("piece", args=[piece.pk]))
    assert reponse.headers["Content-Type"] == "application/octet-stream"
    assert reponse.headers["Content-Disposition"].startswith("attachment")
    assert "X" not in reponse.headers
    assert "default-src 'none'" in reponse.headers["Content-Security-Policy"]


def test_un_nom_ne_devient_pas_une_formule_dans_un_tableur(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    personne.nom, personne.prenom = "", '=HYPERLINK("https://mal.example")'
    personne.save()
    export = connecter(bailleur, Role.RESPONSABLE).get(reverse("personnes"), {"export": "csv"}).getvalue().decode()
    assert ";=HYPERLINK" not in export
    assert "\"'=HYPERLINK" in export


@pytest.mark.parametrize(
    ("frontaux", "entete", "vue"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (2, "6.6.6.6, 192.0.2.7, 10.1.1.1", "192.0.2.7"),
        (1, "", "10.0.0.1"),
        (1, "n'importe quoi", "10.0.0.1"),
    ],
)
def test_une_adresse_pretendue_ne_trompe_ni_le_journal_ni_le_verrou(
    settings: Settings, frontaux: int, entete: str, vue: str
) -> None:
    settings.NOMBRE_DE_FRONTAUX = frontaux
    requete = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=entete)
    assert adresse_ip(requete) == vue


def test_le_journal_des_connexions_ne_s_ecrit_ni_ne_s_efface_par_l_application(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    Connexion.objects.create(genre="reussie", utilisateur_id=client.session["_auth_user_id"])
    acteur = Rattachement.objects.get(utilisateur_id=client.session["_auth_user_id"]).acteur()
    with rls.pour_acteur(acteur):
        assert Connexion.objects.all().delete()[0] == 0
        assert Connexion.objects.update(genre="echec") == 0
    assert Connexion.objects.filter(genre="reussie").exists()


def test_aucune_ecriture_ne_passe_sans_jeton_csrf() -> None:
    monde = batir_monde()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    responsable: Acteur = monde.acteurs["responsable_a"]
    client.force_login(Rattachement.objects.get(utilisateur_id=responsable.utilisateur_id).utilisateur)
    passees = []
    for ligne in LIGNES:
        adresse = reverse(ligne.nom, args=ligne.cles(monde) if ligne.cles else None)
        statut = client.post(adresse, {}).status_code
        if statut not in {403, 405}:
            passees.append((ligne.nom, statut))
    assert not passees


def test_un_employeur_ne_lit_pas_les_connexions_d_une_personne_partie_ni_d_ailleurs(bailleur: Bailleur) -> None:
    ancien, ailleurs = acteur_de(bailleur, Role.RESPONSABLE), creer_bailleur("Autre")
    personne, fidele = creer_utilisateur(bailleur), creer_utilisateur(bailleur)
    chez_lui = Connexion.objects.create(genre="reussie", utilisateur=personne, adresse_ip="192.0.2.1")
    Rattachement.objects.filter(utilisateur=personne).update(clos_le=timezone.now())
    Rattachement.objects.create(utilisateur=personne, organisme_id=ailleurs.pk, role="lecteur")
    parti = Connexion.objects.create(genre="reussie", utilisateur=personne, adresse_ip="192.0.2.2")
    du_fidele = Connexion.objects.create(genre="reussie", utilisateur=fidele)
    with rls.pour_acteur(ancien):
        for lues in (Connexion.objects.visibles_par(ancien), Connexion.objects.all()):
            assert set(lues) == {chez_lui, du_fidele}
    assert parti not in Connexion.objects.visibles_par(ancien)


@pytest.mark.parametrize("modele", [Rattachement, Invitation, Jeton])
def test_la_base_refuse_qu_un_gestionnaire_s_eleve(bailleur: Bailleur, modele: type[Model]) -> None:
    gestionnaire = acteur_de(bailleur)
    with rls.pour_acteur(gestionnaire):
        assert Rattachement.objects.filter(utilisateur_id=gestionnaire.utilisateur_id).update(role="responsable") == 0
        neuve: dict[type[Model], dict[str, object]] = {
            Rattachement: {"utilisateur_id": gestionnaire.utilisateur_id, "role": "responsable"},
            Invitation: {
                "courriel": "a@b.example",
                "role": "responsable",
                "empreinte": "3" * 64,
                "expire_le": timezone.now(),
            },
            Jeton: {"usage": "vol", "empreinte": "4" * 64, "debut": "flux_vol"},
        }
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            modele._default_manager.create(organisme_id=bailleur.pk, **neuve[modele])


def test_le_journal_d_acces_ne_garde_aucun_secret() -> None:
    lignes = {
        "GET /invitation/flux_abcDEF123/ HTTP/1.1": "GET /invitation/* HTTP/1.1",
        "GET /mot-de-passe/MQ/c8x-9f/ HTTP/1.1": "GET /mot-de-passe/* HTTP/1.1",
        "GET /echeancier/W10:1abc.ics?x=1 HTTP/1.1": "GET /echeancier/*?x=1 HTTP/1.1",
        "GET /liberations/12/ HTTP/1.1": "GET /liberations/12/ HTTP/1.1",
    }
    assert {brute: masquer(brute) for brute in lignes} == lignes


def test_la_page_d_une_invitation_ne_laisse_pas_fuir_son_adresse(bailleur: Bailleur) -> None:
    page = Client().get(reverse("accepter_invitation", args=[inviter(bailleur)]))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
