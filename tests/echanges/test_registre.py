"""Le registre commun à l'écran : l'administration l'étend par les règles de l'import, les bailleurs demandent ce qui manque."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Invitation, Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier
from flux_reservations.echanges import depot
from flux_reservations.echanges.models import DemandeOrganisme, ImportDepose
from flux_reservations.echanges.registre.actions import demandes, registre
from flux_reservations.echanges.registre.actions.demandes import OrganismeDemande
from flux_reservations.echanges.registre.formulaires import proposer_un_code
from flux_reservations.echanges.registre.usage import lire_usage
from flux_reservations.echanges.traitement import traiter
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle import rls
from flux_reservations.socle.journal import verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.territoires.models import Territoire
from tests.fabriques import acteur_de, creer_bailleur, creer_convention, creer_reservataire, siren_valide
from tests.relecture import empreinte_portee

pytestmark = pytest.mark.django_db

SAISIE = {"code": "VITRY", "nom": "Ville de Vitry-sur-Seine", "type": "commune", "territoire": "commune:94081"}
SIREN_NEUF = siren_valide(777_777)


@pytest.fixture
def administration() -> Organisme:
    """L'organisme qui administre la plateforme."""
    return Organisme.objects.create(nature="plateforme", nom="Administration", courriel="admin@essai.example")


@pytest.fixture
def admin(administration: Organisme) -> Acteur:
    """Une personne de l'administration."""
    return acteur_de(administration, Role.ADMINISTRATEUR)


@pytest.fixture
def agent() -> Acteur:
    """Un gestionnaire de bailleur."""
    return acteur_de(creer_bailleur("Habitat de l'Orme"))


def connecter(acteur: Acteur) -> Client:
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
    return client


def poster(acteur: Acteur, nom: str, donnees: dict[str, Any], *cles: int, suite: str = "") -> Any:
    return connecter(acteur).post(reverse(nom, args=cles) + suite, donnees)


@pytest.mark.regle("RG-02")
def test_l_administration_inscrit_un_reservataire_a_l_ecran(admin: Acteur) -> None:
    reponse = poster(admin, "inscrire_reservataire", SAISIE)
    cree = Reservataire.objects.get(code="VITRY")
    assert reponse.headers["Location"] == reverse("organisme", args=[cree.pk])
    assert (cree.nature, cree.type, cree.territoire_id) == ("collectivite", "commune", "commune:94081")
    assert EntreeJournal.objects.get(organisme_id=cree.pk).action == "creer_organisme"
    note = EntreeJournal.objects.get(organisme_id=admin.organisme_id)
    assert (note.action, note.apres["territoire"]) == ("creer_organisme", "commune:94081")
    assert verifier_chaine(admin.organisme_id) == []


@pytest.mark.regle("RG-01")
def test_un_bailleur_s_inscrit_par_les_regles_de_l_import(admin: Acteur) -> None:
    faux = {"siren": "123456789", "nom": "Habitat du Lac", "statut": "oph"}
    reponse = poster(admin, "inscrire_bailleur", faux)
    assert reponse.status_code == 422
    assert "La clé de contrôle de ce SIREN est fausse" in reponse.content.decode()
    assert not Bailleur.objects.exists()
    assert poster(admin, "inscrire_bailleur", faux | {"siren": SIREN_NEUF}).status_code == 302
    assert Bailleur.objects.get().siren == SIREN_NEUF


def test_un_code_deja_pris_ne_remplace_pas_la_fiche_d_un_autre(admin: Acteur) -> None:
    creer_reservataire("VITRY", nom="Le premier")
    with pytest.raises(ErreurMetier, match="déjà désigné") as refus:
        registre.inscrire_organisme(acteur=admin, tableau="reservataires", valeurs=SAISIE)
    assert refus.value.champ == "code"
    assert Reservataire.objects.get().nom == "Le premier"


def test_une_fiche_se_corrige_et_les_deux_journaux_le_disent(admin: Acteur) -> None:
    mairie = creer_reservataire("VITRY", "commune", "commune:94028", nom="Vitry")
    donnees = {nom: valeur for nom, valeur in SAISIE.items() if nom != "code"}
    assert poster(admin, "corriger_organisme", donnees, mairie.pk).status_code == 302
    mairie.refresh_from_db()
    assert (mairie.code, mairie.nom, mairie.territoire_id) == ("VITRY", SAISIE["nom"], "commune:94081")
    entree = EntreeJournal.objects.get(organisme_id=mairie.pk)
    assert (entree.action, entree.avant["territoire"], entree.apres["territoire"]) == (
        "modifier_organisme",
        "commune:94028",
        "commune:94081",
    )
    assert EntreeJournal.objects.filter(organisme_id=admin.organisme_id, action="modifier_organisme").count() == 1
    assert not registre.corriger_organisme(acteur=admin, organisme_id=mairie.pk, valeurs=donnees).change


def test_un_territoire_se_cherche_par_son_nom(admin: Acteur) -> None:
    sans = SAISIE | {"territoire": ""}
    reponse = poster(admin, "inscrire_reservataire", sans | {"territoire_cherche": "vitry"})
    assert "Choisissez un territoire de la liste." in reponse.content.decode()
    assert "Vitry-sur-Seine (94081)" in reponse.content.decode()
    assert poster(admin, "inscrire_reservataire", sans | {"territoire_cherche": "nulle part"}).status_code == 422
    cherche = sans | {"territoire_cherche": "vitry sur seine", "territoire_chercher": "oui"}
    assert poster(admin, "inscrire_reservataire", cherche).status_code == 422, "le bouton Chercher n'inscrit rien"
    assert not Reservataire.objects.exists()
    assert poster(admin, "inscrire_reservataire", sans | {"territoire_cherche": "vitry sur seine"}).status_code == 302
    assert Reservataire.objects.get().territoire_id == "commune:94081"


def test_la_recherche_suit_la_frappe(admin: Acteur) -> None:
    client = connecter(admin)
    trouve = client.get(reverse("chercher_territoire", args=["territoire"]), {"territoire_cherche": "94"})
    assert 'value="departement:94"' in trouve.content.decode()
    assert "Val-de-Marne (94)" in trouve.content.decode()


def test_un_organisme_dont_rien_ne_depend_se_supprime_avec_ses_invitations(admin: Acteur) -> None:
    seul = creer_reservataire("SEUL", nom="Créé par erreur")
    Invitation.objects.create(
        organisme=seul, courriel="x@essai.example", role="lecteur", empreinte="9" * 64, expire_le="2099-01-01T00:00:00Z"
    )
    assert "Rien n'en dépend encore" in connecter(admin).get(reverse("organisme", args=[seul.pk])).content.decode()
    assert poster(admin, "supprimer_organisme", {}, seul.pk).headers["Location"] == reverse("organismes")
    assert not Organisme.objects.filter(pk=seul.pk).exists()
    assert EntreeJournal.objects.get(organisme_id=admin.organisme_id).avant["nom"] == "Créé par erreur"


def test_un_organisme_dont_on_depend_ne_se_supprime_pas(admin: Acteur, agent: Acteur) -> None:
    bailleur, mairie = Bailleur.objects.get(), creer_reservataire("VITRY", "commune", "commune:94081")
    creer_convention(bailleur, mairie)
    fiche = connecter(admin).get(reverse("organisme", args=[mairie.pk])).content.decode()
    assert "1\N{NO-BREAK SPACE}convention" in fiche
    assert "il ne se supprime plus" in fiche
    reponse = poster(admin, "supprimer_organisme", {}, mairie.pk)
    assert (reponse.status_code, Reservataire.objects.count()) == (409, 1)
    with rls.pour_acteur(admin), pytest.raises(Conflit, match="rattachement"):
        registre.supprimer_organisme(acteur=admin, organisme_id=bailleur.pk)
    with pytest.raises(AccesRefuse):
        registre.supprimer_organisme(acteur=admin, organisme_id=admin.organisme_id or 0)
    with pytest.raises(AccesRefuse):
        registre.supprimer_organisme(acteur=agent, organisme_id=mairie.pk)


def test_ce_qui_cite_un_organisme_se_compte_en_une_requete(agent: Acteur) -> None:
    mairie = creer_reservataire("VITRY", "commune", "commune:94081")
    creer_convention(Bailleur.objects.get(), mairie)
    with CaptureQueriesContext(connection) as requetes:
        usage = lire_usage(mairie.pk)
    assert [(un.quoi, un.nombre) for un in usage] == [("Convention", 1)]
    assert sum("COUNT(" in une["sql"] for une in requetes) == 1
    assert ("Rattachement", 1) in [(un.quoi, un.nombre) for un in lire_usage(agent.organisme)]


def deposer(acteur: Acteur, nom: str, contenu: str) -> ImportDepose:
    """Dépose comme le ferait l'écran, puis essaie comme le ferait la tâche."""
    un = depot.deposer_import(acteur=acteur, fichiers=[depot.FichierDepose(nom, contenu.encode())])
    traiter(un.pk)
    un.refresh_from_db()
    return un


def test_le_registre_s_importe_a_l_ecran_apres_un_essai_a_blanc(admin: Acteur) -> None:
    creer_reservataire("AL", "action_logement", None, nom="Action Logement")
    contenu = "code;nom;type;territoire\nAL;Action Logement Services;action_logement;\nVITRY;Ville de Vitry;commune;commune:94081\n"
    client = connecter(admin)
    fichier = SimpleUploadedFile("reservataires.csv", contenu.encode())
    assert client.post(reverse("deposer_import"), {"fichiers": fichier}).status_code == 302
    un = ImportDepose.objects.get()
    traiter(un.pk)
    page = client.get(reverse("import", args=[un.pk])).content.decode()
    assert "Essai à blanc réussi" in page
    assert "Action Logement → Action Logement Services" in page
    assert "Ville de Vitry ; type : commune ; territoire : Vitry-sur-Seine (94081)" in page
    assert Reservataire.objects.count() == 1
    adresse = reverse("appliquer_import", args=[un.pk])
    assert client.post(adresse, empreinte_portee(client, adresse)).status_code == 302
    traiter(un.pk)
    un.refresh_from_db()
    assert (un.etat, Reservataire.objects.count()) == ("applique", 2)
    entree = EntreeJournal.objects.filter(organisme_id=admin.organisme_id, action="importer").get()
    assert [ligne["cle"] for ligne in entree.apres["lignes"]] == ["AL", "VITRY"]
    assert client.post(reverse("defaire_import", args=[un.pk])).status_code == 302
    traiter(un.pk)
    assert list(Reservataire.objects.values_list("nom", flat=True)) == ["Action Logement"]


def test_un_import_du_registre_est_tout_ou_rien(admin: Acteur) -> None:
    un = deposer(admin, "bailleurs.csv", f"siren;nom\n{SIREN_NEUF};Habitat du Lac\n123456789;Habitat du Mont\n")
    assert un.etat == "refuse"
    assert [(une["ligne"], une["colonne"]) for une in un.rapport["erreurs"]] == [(3, "siren")]
    assert not Bailleur.objects.exists()


def test_chacun_n_importe_que_ce_qui_est_a_lui(admin: Acteur, agent: Acteur) -> None:
    with pytest.raises(ErreurMetier, match="Demander un organisme"):
        deposer(agent, "reservataires.csv", "code;nom;type\n")
    with pytest.raises(ErreurMetier, match="que le registre commun"):
        deposer(admin, "patrimoine.csv", "bailleur;identifiant\n")
    un = deposer(admin, "reservataires.csv", "code;nom;type\nX;X;organisme\n")
    depot.choisir_colonnes(
        acteur=admin, import_id=un.pk, types={"reservataires.csv": "patrimoine"}, colonnes={"patrimoine": {}}
    )
    traiter(un.pk)
    un.refresh_from_db()
    assert un.etat == "refuse", "l'administration n'écrit chez aucun bailleur, même en forçant le tableau"
    assert not ImportDepose.objects.visibles_par(agent).exists()


@pytest.mark.regle("RG-02")
def test_un_bailleur_demande_un_organisme_que_l_administration_cree_d_un_clic(admin: Acteur, agent: Acteur) -> None:
    demande = {"nom": "Ville de Vitry-sur-Seine", "type": "commune", "territoire": "commune:94081"}
    assert poster(agent, "demander_organisme", demande).status_code == 302
    une = DemandeOrganisme.objects.get()
    assert Envoi.objects.get().courriel == "admin@essai.example"
    assert "1\N{NO-BREAK SPACE}organisme demandé" in connecter(admin).get(reverse("organismes")).content.decode()
    adresse = f"?demande={une.pk}"
    formulaire = connecter(admin).get(reverse("inscrire_reservataire") + adresse).content.decode()
    assert 'value="VITRY-SUR-SEINE"' in formulaire
    assert 'value="commune:94081" checked' in formulaire
    saisie = SAISIE | {"code": "VITRY-SUR-SEINE"}
    assert poster(admin, "inscrire_reservataire", saisie, suite=adresse).status_code == 302
    une.refresh_from_db()
    assert (une.suite, une.organisme_id) == ("cree", Reservataire.objects.get().pk)
    assert "VITRY-SUR-SEINE" in une.reponse
    personne = Utilisateur.objects.get(pk=agent.utilisateur_id)
    avis = Envoi.objects.get(courriel=personne.courriel)
    assert "mettez le code VITRY-SUR-SEINE" in avis.corps
    assert "mettez le code VITRY-SUR-SEINE" in connecter(agent).get(reverse("imports")).content.decode()
    assert connecter(admin).get(reverse("inscrire_reservataire") + adresse).status_code == 404


def test_une_demande_dit_ce_qui_est_deja_au_registre(agent: Acteur) -> None:
    creer_reservataire("VITRY", "commune", "commune:94081", siren=SIREN_NEUF)
    for une in (
        OrganismeDemande("Vitry", "commune", territoire="commune:94081"),
        OrganismeDemande("Vitry", "organisme", siren=SIREN_NEUF),
    ):
        with pytest.raises(ErreurMetier, match="Mettez le code VITRY"):
            demandes.demander_organisme(acteur=agent, demande=une)
    with pytest.raises(ErreurMetier, match="ont un territoire"):
        demandes.demander_organisme(acteur=agent, demande=OrganismeDemande("Préfecture", "etat"))
    assert not DemandeOrganisme.objects.exists()


def test_une_demande_ne_se_repete_pas_et_ne_recoit_qu_une_reponse(admin: Acteur, agent: Acteur) -> None:
    caf = OrganismeDemande("CAF", "organisme")
    une = demandes.demander_organisme(acteur=agent, demande=caf)
    with pytest.raises(Conflit, match="déjà demandé"):
        demandes.demander_organisme(acteur=agent, demande=caf)
    assert poster(admin, "organisme_demande", {"suite": "refusee", "texte": ""}, une.pk).status_code == 422
    assert poster(admin, "organisme_demande", {"suite": "existe", "texte": "INCONNU"}, une.pk).status_code == 422
    assert (
        poster(
            admin, "organisme_demande", {"suite": "refusee", "texte": "Elle n'est pas réservataire."}, une.pk
        ).status_code
        == 302
    )
    with pytest.raises(Conflit, match="déjà reçu une réponse"):
        demandes.refuser_la_demande(acteur=admin, demande_id=une.pk, motif="Encore")
    assert demandes.demander_organisme(acteur=agent, demande=caf).pk != une.pk


def test_l_administration_reconnait_un_organisme_deja_au_registre(admin: Acteur, agent: Acteur) -> None:
    une = demandes.demander_organisme(acteur=agent, demande=OrganismeDemande("Caisse d'allocations", "organisme"))
    caf = creer_reservataire("CAF94")
    assert poster(admin, "organisme_demande", {"suite": "existe", "texte": "CAF94"}, une.pk).status_code == 302
    une.refresh_from_db()
    assert (une.suite, une.organisme_id) == ("existe", caf.pk)


def test_un_import_qui_cite_un_inconnu_propose_de_le_demander(agent: Acteur) -> None:
    siren = Bailleur.objects.get().siren
    contenu = f"numero;bailleur;reservataire;departement;date_signature\nC1;{siren};MAIRIE?;94;2024-01-01\n"
    un = deposer(agent, "conventions.csv", contenu)
    page = connecter(agent).get(reverse("import", args=[un.pk])).content.decode()
    assert f"{reverse('demander_organisme')}?code=MAIRIE%3F" in page


def test_la_liste_des_organismes_se_cherche_se_filtre_et_s_exporte(admin: Acteur) -> None:
    mairie = creer_reservataire("VITRY", "commune", "commune:94081", nom="Ville de Vitry")
    creer_reservataire("AL", "action_logement", None, nom="Action Logement")
    acteur_de(mairie)
    client, liste = connecter(admin), reverse("organismes")

    def noms(**filtres: str) -> list[str]:
        return [un.nom for un in client.get(liste, filtres).context["page"]]

    creer_reservataire("ETAT94", "etat", nom="État, préfecture")
    assert noms() == ["Action Logement", "Administration", "État, préfecture", "Ville de Vitry"]
    assert noms(q="vitry") == noms(nature="collectivite") == ["Ville de Vitry"]
    assert noms(departement="94") == ["État, préfecture", "Ville de Vitry"]
    assert noms(personnes="sans") == ["Action Logement", "État, préfecture"]
    assert noms(tri="-personnes")[0] in {"Administration", "Ville de Vitry"}
    assert "Vitry-sur-Seine (94081)" in client.get(liste, {"export": "csv"}).getvalue().decode()
    assert "departement:94" not in client.get(liste).content.decode()


def test_le_code_propose_suit_l_usage() -> None:
    val_de_marne, creteil = (Territoire.objects.get(pk=code) for code in ("departement:94", "commune:94028"))
    assert proposer_un_code("etat", "Préfecture", val_de_marne) == "ETAT94"
    assert proposer_un_code("departement", "Conseil départemental", val_de_marne) == "CD94"
    assert proposer_un_code("commune", "Ville de Créteil", creteil) == "CRETEIL"
    assert proposer_un_code("organisme", "Mutuelle de l'Île", None) == "MUTUELLE-DE-L-ILE"


def test_la_base_refuse_de_demander_pour_un_autre_et_de_se_repondre(agent: Acteur) -> None:
    une = demandes.demander_organisme(acteur=agent, demande=OrganismeDemande("CAF", "organisme"))
    autre = acteur_de(creer_bailleur("Logis du Cèdre"))
    with rls.pour_acteur(autre), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        DemandeOrganisme.objects.create(demandeur_id=agent.organisme_id, nom="Faux", type="organisme")
    with rls.pour_acteur(agent):
        assert DemandeOrganisme.objects.filter(pk=une.pk).update(reponse="Accordé") == 0
        assert DemandeOrganisme.objects.filter(pk=une.pk).delete()[0] == 0
