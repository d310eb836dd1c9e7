"""Imports à l'écran : essayer, lire, appliquer, abandonner ; un processus mort ne perd ni n'écrit deux fois (formats.md § 1)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from attributions.models import Liberation, Orientation
from conventions.models import Bailleur, Convention, Logement, Reservataire
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.echanges import depot, traitement
from flux_reservations.echanges.models import ImportDepose
from flux_reservations.socle import rls
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)
from tests.relecture import empreinte_portee

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


@pytest.fixture
def agent(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur)


def traiter(depose: ImportDepose) -> ImportDepose:
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    return depose


def patrimoine(bailleur: Bailleur, *lignes: str) -> depot.FichierDepose:
    contenu = "bailleur;identifiant;commune;typologie\n" + "".join(f"{bailleur.siren};{ligne}\n" for ligne in lignes)
    return depot.FichierDepose("patrimoine.csv", contenu.encode())


def test_un_import_est_essaye_sans_rien_ecrire_puis_applique(bailleur: Bailleur, agent: Acteur) -> None:
    depose = depot.deposer_import(acteur=agent, fichiers=[patrimoine(bailleur, "N1;94028;T3", "N2;94028;T2")])
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    assert (depose.etat, depose.rapport["changements_en_tout"], Logement.objects.count()) == ("essaye", 2, 0)
    depot.demander_application(acteur=agent, import_id=depose.pk)
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    assert (depose.etat, Logement.objects.count()) == ("applique", 2)


def test_une_erreur_refuse_tout_et_dit_la_ligne(bailleur: Bailleur, agent: Acteur) -> None:
    depose = depot.deposer_import(acteur=agent, fichiers=[patrimoine(bailleur, "N1;94028;T3", "N2;99999;T2")])
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    assert depose.etat == "refuse"
    assert [(une["ligne"], une["colonne"]) for une in depose.rapport["erreurs"]] == [(3, "commune")]
    with pytest.raises(ErreurMetier):
        depot.demander_application(acteur=agent, import_id=depose.pk)


def test_traiter_deux_fois_n_ecrit_qu_une_fois(bailleur: Bailleur, agent: Acteur) -> None:
    depose = depot.deposer_import(acteur=agent, fichiers=[patrimoine(bailleur, "N1;94028;T3")])
    assert traitement.traiter(depose.pk) is not None
    assert traitement.traiter(depose.pk) is None


def test_un_processus_mort_est_repris_apres_un_silence(bailleur: Bailleur, agent: Acteur) -> None:
    depose = depot.deposer_import(acteur=agent, fichiers=[patrimoine(bailleur, "N1;94028;T3")])
    ImportDepose.objects.filter(pk=depose.pk).update(etat="en_essai", change_le=timezone.now())
    assert traitement.reprendre_les_abandonnes() == 0
    ImportDepose.objects.filter(pk=depose.pk).update(change_le=timezone.now() - timedelta(minutes=6))
    assert traitement.reprendre_les_abandonnes() == 1
    depose.refresh_from_db()
    assert depose.etat == "essaye"


def test_le_registre_commun_ne_s_importe_pas_par_un_bailleur(agent: Acteur) -> None:
    with pytest.raises(ErreurMetier) as refus:
        depot.deposer_import(acteur=agent, fichiers=[depot.FichierDepose("reservataires.csv", b"code;nom;type\n")])
    assert refus.value.code == "registre_commun"


def test_un_agent_n_importe_pas_pour_un_autre_bailleur(agent: Acteur) -> None:
    autre = creer_bailleur()
    depose = depot.deposer_import(acteur=agent, fichiers=[patrimoine(autre, "N1;94028;T3")])
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    assert depose.etat == "refuse"
    assert not Logement.objects.exists()


def test_un_lecteur_ne_depose_rien(bailleur: Bailleur) -> None:
    with pytest.raises(AccesRefuse):
        depot.deposer_import(acteur=acteur_de(bailleur, Role.LECTEUR), fichiers=[patrimoine(bailleur)])


def test_le_parcours_a_l_ecran(bailleur: Bailleur) -> None:
    client = Client()
    client.force_login(creer_utilisateur(bailleur), backend="django.contrib.auth.backends.ModelBackend")
    fichier = SimpleUploadedFile("patrimoine.csv", patrimoine(bailleur, "N1;94028;T3").octets)
    reponse = client.post("/imports/deposer/", {"fichiers": [fichier]})
    depose = ImportDepose.objects.get()
    assert reponse.headers["Location"] == f"/imports/{depose.pk}/"
    assert "Traitement" in client.get(f"/imports/{depose.pk}/").content.decode()
    traitement.traiter(depose.pk)
    page = client.get(f"/imports/{depose.pk}/").content.decode()
    assert "Essai à blanc réussi" in page
    assert "N1" in page
    adresse = f"/imports/{depose.pk}/appliquer/"
    client.post(adresse, empreinte_portee(client, adresse))
    traitement.traiter(depose.pk)
    assert Logement.objects.count() == 1
    assert client.get("/imports/").status_code == 200


class TestQuiAgit:
    """Un import s'exécute avec le plus petit rôle de qui dépose et de qui demande (RG-16)."""

    @pytest.fixture
    def responsable(self, bailleur: Bailleur) -> Acteur:
        creer_reservataire(code="AL")
        return acteur_de(bailleur, Role.RESPONSABLE)

    @staticmethod
    def deposer(acteur: Acteur, bailleur: Bailleur) -> ImportDepose:
        contenus = {
            "conventions.csv": "numero;bailleur;reservataire;departement;date_signature;date_effet\n"
            f"C1;{bailleur.siren};AL;94;2023-05-15;2023-06-01\n",
            "droits.csv": "convention;contrepartie;sous_contingent;taux;perimetre\nC1;financement;;20;departement:94\n",
        }
        fichiers = [depot.FichierDepose(nom, contenu.encode()) for nom, contenu in contenus.items()]
        return traiter(depot.deposer_import(acteur=acteur, fichiers=fichiers))

    @staticmethod
    def appliquer(acteur: Acteur, depose: ImportDepose) -> ImportDepose:
        depot.demander_application(acteur=acteur, import_id=depose.pk)
        return traiter(depose)

    def test_un_gestionnaire_n_applique_pas_avec_les_droits_du_responsable(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        depose = self.deposer(responsable, bailleur)
        assert depose.etat == "essaye", depose.rapport
        depose = self.appliquer(agent, depose)
        assert (depose.etat, depose.demande_par_id) == ("refuse", agent.utilisateur_id)
        assert "réservé à un responsable" in depose.rapport["erreurs"][0]["message"]
        assert not Convention.objects.exists()

    def test_un_responsable_n_ecrit_pas_plus_que_le_gestionnaire_qui_a_depose(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        depose = self.deposer(responsable, bailleur)
        Rattachement.objects.filter(utilisateur=responsable.utilisateur_id).update(role=Role.GESTIONNAIRE)
        depose = self.appliquer(acteur_de(bailleur, Role.RESPONSABLE), depose)
        assert (depose.etat, Convention.objects.count()) == ("refuse", 0)

    def test_qui_a_demande_puis_est_parti_n_ecrit_plus(self, bailleur: Bailleur, agent: Acteur) -> None:
        depose = traiter(depot.deposer_import(acteur=agent, fichiers=[patrimoine(bailleur, "N1;94028;T3")]))
        autre = acteur_de(bailleur)
        depot.demander_application(acteur=autre, import_id=depose.pk)
        Rattachement.objects.filter(utilisateur=autre.utilisateur_id).update(clos_le=timezone.now())
        assert (traiter(depose).etat, Logement.objects.count()) == ("refuse", 0)

    def test_defaire_une_version_signee_est_au_responsable(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        depose = self.appliquer(responsable, self.deposer(responsable, bailleur))
        assert depose.etat == "applique", depose.rapport
        with rls.pour_acteur(agent), pytest.raises(AccesRefuse, match="convention signée"):
            depot.demander_retour(acteur=agent, import_id=depose.pk)
        depose.refresh_from_db()
        assert depose.etat == "applique"
        second = acteur_de(bailleur, Role.RESPONSABLE)
        depot.demander_retour(acteur=second, import_id=depose.pk)
        Rattachement.objects.filter(utilisateur=second.utilisateur_id).update(role=Role.GESTIONNAIRE)
        depose = traiter(depose)
        assert (depose.etat, "convention signée" in depose.rapport["retour"]["refus"]) == ("applique", True)
        depot.demander_retour(acteur=responsable, import_id=depose.pk)
        assert (traiter(depose).etat, Convention.objects.count()) == ("defait", 0)

    def test_les_droits_d_une_version_signee_aussi(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        self.appliquer(responsable, self.deposer(responsable, bailleur))
        contenu = "convention;contrepartie;sous_contingent;taux;perimetre\nC1;financement;;18;departement:94\n"
        fichiers = [depot.FichierDepose("droits.csv", contenu.encode())]
        depose = self.appliquer(responsable, traiter(depot.deposer_import(acteur=responsable, fichiers=fichiers)))
        assert depose.etat == "applique", depose.rapport
        with pytest.raises(AccesRefuse, match="convention signée"):
            depot.demander_retour(acteur=agent, import_id=depose.pk)

    @pytest.mark.regle("RG-45")
    @pytest.mark.parametrize(
        ("tableau", "contenu"),
        [
            ("liberations", "numero;logement;date_disponibilite;date_bail\nB1;N1;2025-03-01;2025-04-01\n"),
            ("orientations", "liberation;rang;compte;date_orientation;issue\nB1;1;AL;2025-03-02;carence\n"),
            (
                "orientations",
                "liberation;rang;compte;date_orientation;date_caleol;decision\nB1;1;AL;2025-03-02;2025-03-20;attribution\n",
            ),
        ],
    )
    def test_defaire_un_bail_une_carence_ou_une_decision_est_au_responsable(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur, tableau: str, contenu: str
    ) -> None:
        """Le fichier d'un gestionnaire ne défait rien de cela : « Défaire » ne l'y amène pas par l'autre bout."""
        logement = creer_logement(bailleur, identifiant="N1")
        liberation = creer_liberation(logement, date(2025, 3, 1), numero="B1", date_conge=None)
        al = Reservataire.objects.get(code="AL")
        orientation = creer_orientation(liberation, al, date_orientation=date(2025, 3, 2))
        avant = Liberation.objects.values().get(), Orientation.objects.values().get(pk=orientation.pk)
        fichiers = [depot.FichierDepose(f"{tableau}.csv", contenu.encode())]
        depose = self.appliquer(agent, traiter(depot.deposer_import(acteur=agent, fichiers=fichiers)))
        assert depose.etat == "applique", depose.rapport
        with rls.pour_acteur(agent), pytest.raises(AccesRefuse, match="réservé à un responsable"):
            depot.demander_retour(acteur=agent, import_id=depose.pk)
        depot.demander_retour(acteur=responsable, import_id=depose.pk)
        assert traiter(depose).etat == "defait", depose.rapport
        assert (Liberation.objects.values().get(), Orientation.objects.values().get()) == avant

    def test_rouvrir_ce_que_la_commission_a_juge_est_au_responsable(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        """Son fichier ne rouvre pas un logement rendu après décision : « Défaire » suit la même règle."""
        liberation = creer_liberation(creer_logement(bailleur), date(2025, 3, 1), numero="B1")
        juge = {"decision": "rang", "date_caleol": date(2025, 3, 20)}
        creer_orientation(liberation, Reservataire.objects.get(code="AL"), date_orientation=date(2025, 3, 2), **juge)
        contenu = "liberation;rang;compte;date_orientation;issue\nB1;1;AL;2025-03-02;rendu\n"
        fichiers = [depot.FichierDepose("orientations.csv", contenu.encode())]
        depose = self.appliquer(agent, traiter(depot.deposer_import(acteur=agent, fichiers=fichiers)))
        assert (depose.etat, Orientation.objects.get().issue) == ("applique", "rendu"), depose.rapport
        with rls.pour_acteur(agent), pytest.raises(AccesRefuse, match="réservé à un responsable"):
            depot.demander_retour(acteur=agent, import_id=depose.pk)
        depot.demander_retour(acteur=responsable, import_id=depose.pk)
        assert (traiter(depose).etat, Orientation.objects.get().issue) == ("defait", "en_cours"), depose.rapport

    def test_un_gestionnaire_defait_un_import_qui_ne_change_rien_de_cela(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        liberation = creer_liberation(
            creer_logement(bailleur), date(2025, 3, 1), numero="B1", date_bail=date(2025, 4, 1)
        )
        al = Reservataire.objects.get(code="AL")
        faits = {"issue": "bail", "decision": "attribution", "date_caleol": date(2025, 3, 20)}
        creer_orientation(liberation, al, date_orientation=date(2025, 3, 2), **faits)
        contenu = "liberation;rang;compte;date_orientation;public\nB1;1;AL;2025-03-02;dalo\n"
        fichiers = [depot.FichierDepose("orientations.csv", contenu.encode())]
        depose = self.appliquer(agent, traiter(depot.deposer_import(acteur=agent, fichiers=fichiers)))
        assert (depose.etat, Orientation.objects.get().public) == ("applique", "dalo"), depose.rapport
        depot.demander_retour(acteur=agent, import_id=depose.pk)
        assert (traiter(depose).etat, Orientation.objects.get().public) == ("defait", ""), depose.rapport

    @pytest.mark.regle("RG-46")
    def test_rendre_une_carence_a_son_ancien_compte_est_au_responsable(
        self, bailleur: Bailleur, agent: Acteur, responsable: Acteur
    ) -> None:
        liberation = creer_liberation(creer_logement(bailleur), date(2025, 3, 1), numero="B1")
        creer_reservataire(code="COMA")
        al = Reservataire.objects.get(code="AL")
        creer_orientation(liberation, al, date_orientation=date(2025, 3, 2), issue="carence")
        contenu = "liberation;rang;compte;date_orientation;issue\nB1;1;COMA;2025-03-02;carence\n"
        fichiers = [depot.FichierDepose("orientations.csv", contenu.encode())]
        depose = self.appliquer(responsable, traiter(depot.deposer_import(acteur=responsable, fichiers=fichiers)))
        assert (depose.etat, Orientation.objects.get().compte) == ("applique", "COMA"), depose.rapport
        with pytest.raises(AccesRefuse, match="réservé à un responsable"):
            depot.demander_retour(acteur=agent, import_id=depose.pk)

    def test_un_gestionnaire_defait_ce_que_son_import_a_cree(self, bailleur: Bailleur, agent: Acteur) -> None:
        creer_logement(bailleur, identifiant="N1")
        contenu = "numero;logement;date_disponibilite;date_bail\nB1;N1;2025-03-01;2025-04-01\n"
        fichiers = [depot.FichierDepose("liberations.csv", contenu.encode())]
        depose = self.appliquer(agent, traiter(depot.deposer_import(acteur=agent, fichiers=fichiers)))
        assert (depose.etat, Liberation.objects.count()) == ("applique", 1)
        depot.demander_retour(acteur=agent, import_id=depose.pk)
        assert (traiter(depose).etat, Liberation.objects.count()) == ("defait", 0)


def test_les_imports_en_attente_sont_plafonnes(
    bailleur: Bailleur, agent: Acteur, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depot, "IMPORTS_EN_ATTENTE_AU_PLUS", 2)
    fichiers = [patrimoine(bailleur, "N1;94028;T3")]
    deposes = [traiter(depot.deposer_import(acteur=agent, fichiers=fichiers)) for _ in range(2)]
    with rls.pour_acteur(agent), pytest.raises(ErreurMetier, match="2 imports en attente") as refus:
        depot.deposer_import(acteur=agent, fichiers=fichiers)
    assert (refus.value.code, ImportDepose.objects.count()) == ("trop_d_imports", 2)
    voisin = creer_bailleur()
    depot.deposer_import(acteur=acteur_de(voisin), fichiers=[patrimoine(voisin, "N1;94028;T3")])
    depot.abandonner(acteur=agent, import_id=deposes[0].pk)
    depot.deposer_import(acteur=agent, fichiers=fichiers)


def test_les_octets_gardes_sont_plafonnes(bailleur: Bailleur, agent: Acteur, monkeypatch: pytest.MonkeyPatch) -> None:
    fichiers = [patrimoine(bailleur, "N1;94028;T3")]
    monkeypatch.setattr(depot, "OCTETS_GARDES_AU_PLUS", 2 * len(fichiers[0].octets) - 1)
    premier = traiter(depot.deposer_import(acteur=agent, fichiers=fichiers))
    with rls.pour_acteur(agent), pytest.raises(ErreurMetier, match="abandonnez") as refus:
        depot.deposer_import(acteur=agent, fichiers=fichiers)
    assert (refus.value.code, ImportDepose.objects.count()) == ("trop_d_octets", 1)
    depot.demander_application(acteur=agent, import_id=premier.pk)
    traiter(premier)
    depot.deposer_import(acteur=agent, fichiers=fichiers)
