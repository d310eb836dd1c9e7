"""Inviter, accueillir, changer de rôle, laisser partir ; se connecter, et garder la trace de ses connexions."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from conventions.models import Bailleur
from flux_reservations.acces import actions, actions_invitations
from flux_reservations.acces.models import (
    Connexion,
    GenreConnexion,
    Invitation,
    Organisme,
    Rattachement,
    SessionOuverte,
    Utilisateur,
)
from flux_reservations.acces.navigateurs import nommer_navigateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle import rls
from flux_reservations.socle.journal import verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from tests.fabriques import acteur_de, creer_bailleur, creer_reservataire, creer_utilisateur

pytestmark = pytest.mark.django_db
MOT_DE_PASSE = "une phrase assez longue"


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur."""
    return creer_bailleur()


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    """Son responsable."""
    return acteur_de(bailleur, Role.RESPONSABLE)


def secret_envoye() -> str:
    """Le secret du dernier lien d'invitation."""
    trouve = re.search(r"/invitation/([^/\s]+)/", Envoi.objects.filter(genre="invitation").latest("pk").corps)
    assert trouve is not None
    return trouve.group(1)


def inviter(acteur: Acteur, courriel: str = "neuve@essai.example", role: str = "gestionnaire") -> str:
    """Invite comme le ferait une requête, et rend le secret."""
    with rls.pour_acteur(acteur):
        actions_invitations.inviter(acteur=acteur, organisme_id=acteur.organisme_id or 0, courriel=courriel, role=role)
    return secret_envoye()


def test_une_invitation_acceptee_ouvre_le_role_et_ne_sert_qu_une_fois(responsable: Acteur) -> None:
    secret = inviter(responsable)
    page = reverse("accepter_invitation", args=[secret])
    donnees = {"prenom": "Dominique", "nom": "Neuf", "mot_de_passe": MOT_DE_PASSE}
    client = Client()
    assert client.get(page).status_code == 200
    assert client.post(page, donnees).status_code == 302
    assert Rattachement.objects.get(utilisateur__courriel="neuve@essai.example").role == "gestionnaire"
    assert client.get(page).status_code == 404
    assert (
        client.post(reverse("connexion"), {"username": "Neuve@essai.example", "password": MOT_DE_PASSE}).status_code
        == 302
    )


def test_un_mot_de_passe_faible_est_refuse_avec_le_remede(responsable: Acteur) -> None:
    with pytest.raises(ErreurMetier, match="12 caractères"):
        actions_invitations.accepter_invitation(secret=inviter(responsable), prenom="D", nom="N", mot_de_passe="court")
    assert not Utilisateur.objects.filter(courriel="neuve@essai.example").exists()


def test_une_seconde_invitation_annule_la_premiere(responsable: Acteur) -> None:
    premier = inviter(responsable)
    inviter(responsable)
    assert actions_invitations.lire_invitation(premier) is None


def test_une_invitation_annulee_ne_vaut_plus_rien(responsable: Acteur) -> None:
    secret = inviter(responsable)
    actions_invitations.annuler_invitation(acteur=responsable, invitation_id=Invitation.objects.get().pk)
    assert actions_invitations.lire_invitation(secret) is None


def test_qui_a_deja_un_compte_rejoint_un_second_organisme_avec_son_mot_de_passe(responsable: Acteur) -> None:
    personne = creer_utilisateur(creer_reservataire(), courriel="double@essai.example")
    secret = inviter(responsable, "double@essai.example")
    with pytest.raises(ErreurMetier, match="mot de passe actuel"):
        actions_invitations.accepter_invitation(secret=secret, prenom="", nom="", mot_de_passe="un autre mot de passe")
    actions_invitations.accepter_invitation(secret=secret, prenom="", nom="", mot_de_passe="mot de passe d'essai")
    assert personne.rattachements.count() == 2


def test_un_gestionnaire_n_invite_pas(bailleur: Bailleur) -> None:
    gestionnaire = acteur_de(bailleur)
    with pytest.raises(AccesRefuse):
        actions_invitations.inviter(
            acteur=gestionnaire, organisme_id=bailleur.pk, courriel="x@essai.example", role="lecteur"
        )


def test_un_responsable_n_invite_pas_chez_un_autre(responsable: Acteur) -> None:
    with pytest.raises(AccesRefuse):
        actions_invitations.inviter(
            acteur=responsable, organisme_id=creer_bailleur("Autre").pk, courriel="x@essai.example", role="lecteur"
        )


def test_le_depart_d_un_agent_ferme_ses_sessions_et_son_role(bailleur: Bailleur, responsable: Acteur) -> None:
    personne = creer_utilisateur(bailleur)
    client = Client()
    client.force_login(personne)
    assert client.get(reverse("mon_compte")).status_code == 200
    with rls.pour_acteur(responsable):
        actions.clore_rattachement(acteur=responsable, rattachement_id=personne.rattachements.get().pk)
    assert client.get(reverse("mon_compte")).status_code == 302
    client.force_login(personne)
    assert client.get(reverse("patrimoine")).status_code == 403


def test_le_dernier_responsable_ne_part_pas(responsable: Acteur) -> None:
    rattachement = Rattachement.objects.get(utilisateur_id=responsable.utilisateur_id)
    with pytest.raises(Conflit, match="dernier responsable"):
        actions.clore_rattachement(acteur=responsable, rattachement_id=rattachement.pk)
    with pytest.raises(Conflit, match="dernier responsable"):
        actions.changer_role(acteur=responsable, rattachement_id=rattachement.pk, role="lecteur")


def test_le_role_d_une_personne_d_un_autre_organisme_est_introuvable(responsable: Acteur) -> None:
    autre = creer_utilisateur(creer_bailleur("Autre")).rattachements.get()
    with pytest.raises(Introuvable):
        actions.changer_role(acteur=responsable, rattachement_id=autre.pk, role="lecteur")


@pytest.mark.regle("RG-71")
def test_les_actes_sur_les_personnes_sont_au_journal_sans_nom_ni_courriel(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    actions_invitations.accepter_invitation(
        secret=inviter(responsable), prenom="Dominique", nom="Neuf", mot_de_passe=MOT_DE_PASSE
    )
    entrees = EntreeJournal.objects.filter(organisme_id=bailleur.pk)
    assert {entree.action for entree in entrees} == {"inviter", "accepter_invitation"}
    assert not any("Neuf" in entree.libelle or "@" in entree.libelle for entree in entrees)
    assert verifier_chaine(bailleur.pk) == []


def test_connexion_echec_et_deconnexion_sont_notes(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    client = Client()
    page = reverse("connexion")
    client.post(page, {"username": personne.courriel, "password": "faux"})
    client.post(page, {"username": personne.courriel, "password": "mot de passe d'essai"})
    assert SessionOuverte.objects.get(utilisateur=personne).adresse_ip == "127.0.0.1"
    client.post(reverse("deconnexion"))
    genres = list(Connexion.objects.filter(utilisateur=personne).order_by("pk").values_list("genre", flat=True))
    assert genres == [GenreConnexion.ECHEC, GenreConnexion.REUSSIE, GenreConnexion.DECONNEXION]
    assert not SessionOuverte.objects.exists()


def test_une_personne_ferme_ses_autres_sessions(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    ici, ailleurs = Client(), Client()
    ici.force_login(personne)
    ailleurs.force_login(personne)
    assert ici.post(reverse("revoquer_mes_sessions")).status_code == 302
    assert ici.get(reverse("mon_compte")).status_code == 200
    assert ailleurs.get(reverse("mon_compte")).status_code == 302


def test_on_ne_ferme_pas_la_session_d_un_autre(bailleur: Bailleur) -> None:
    autre = Client()
    autre.force_login(creer_utilisateur(bailleur))
    moi = Client()
    moi.force_login(creer_utilisateur(bailleur))
    cible = SessionOuverte.objects.get(cle=autre.session.session_key)
    assert moi.post(reverse("revoquer_session", args=[cible.pk])).status_code == 404
    assert autre.get(reverse("mon_compte")).status_code == 200


def test_changer_de_mot_de_passe_garde_cette_session_et_ferme_les_autres(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    ici, ailleurs = Client(), Client()
    ici.force_login(personne)
    ailleurs.force_login(personne)
    donnees = {"old_password": "mot de passe d'essai", "new_password1": MOT_DE_PASSE, "new_password2": MOT_DE_PASSE}
    assert ici.post(reverse("changer_mot_de_passe"), donnees).status_code == 302
    assert ici.get(reverse("mon_compte")).status_code == 200
    assert ailleurs.get(reverse("mon_compte")).status_code == 302


def test_un_lien_de_mot_de_passe_oublie_permet_d_en_choisir_un_autre(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    client = Client()
    client.post(reverse("mot_de_passe_oublie"), {"email": personne.courriel})
    client.post(reverse("mot_de_passe_oublie"), {"email": "inconnu@essai.example"})
    trouve = re.search(r"(/mot-de-passe/\S+)", Envoi.objects.get().corps)
    assert trouve is not None
    page = client.get(trouve.group(1), follow=True)
    reponse = client.post(page.request["PATH_INFO"], {"new_password1": MOT_DE_PASSE, "new_password2": MOT_DE_PASSE})
    assert reponse.status_code == 302
    personne.refresh_from_db()
    assert personne.check_password(MOT_DE_PASSE)


@pytest.mark.parametrize(
    ("agent", "attendu"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36", "Chrome sur Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/129.0 Safari/537.36 Edg/129.0", "Edge sur Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/17.5 Safari/605.1", "Safari sur macOS"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0", "Firefox sur Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 CriOS/129.0 Mobile", "Chrome sur iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Inconnu", "Navigateur inconnu sur Linux"),
        ("python-requests/2.32", "Programme python-requests"),
        ("<script>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_un_navigateur_se_lit_en_clair(agent: str, attendu: str) -> None:
    assert nommer_navigateur(agent) == attendu


def test_l_administration_retrouve_une_personne_par_organisme_role_et_acces() -> None:
    administration = Organisme.objects.create(nature="plateforme", nom="Administration")
    admin = acteur_de(administration, Role.ADMINISTRATEUR)
    lecteur = acteur_de(creer_bailleur("Habitat de l'Orme"), Role.LECTEUR)
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=admin.utilisateur_id))

    def trouvees(**filtres: str) -> set[int]:
        page = client.get(reverse("personnes"), filtres).context["page"]
        return {un.utilisateur_id for un in page}

    assert trouvees(q="orme") == trouvees(nature="bailleur") == trouvees(role="lecteur") == {lecteur.utilisateur_id}
    assert trouvees(acces="jamais") == {lecteur.utilisateur_id}
    assert trouvees(acces="ferme") == set()
