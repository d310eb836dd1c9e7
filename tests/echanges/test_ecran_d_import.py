"""L'écran d'import : colonnes d'un autre logiciel, lignes fautives rendues, MODE confirmé, retour en arrière (formats.md § 1)."""

from __future__ import annotations

import csv
import html
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from attributions.models import Liberation
from bilans.models import Bilan
from conventions.models import Bailleur, FicheRpls, Logement, SituationLogement
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges import depot, fichiers_deposes, traitement
from flux_reservations.echanges.correspondances import deviner_type
from flux_reservations.echanges.models import Correspondance, ImportDepose, Trace
from flux_reservations.echanges.retour import DECLENCHEURS, tables_tracees, tracer
from flux_reservations.echanges.retour import defaire as defaire_l_import
from flux_reservations.echanges.suivi_vivant import compter_les_lignes
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.socle import rls
from flux_reservations.socle.presentation import ecrire_instant
from tests.echanges.test_depot import agent, bailleur
from tests.fabriques import acteur_de, creer_liberation, creer_logement, creer_utilisateur
from tests.relecture import empreinte_portee

pytestmark = pytest.mark.django_db
__all__ = ["agent", "bailleur"]
PROGICIEL = (
    "SIREN bailleur;Code logement;Code INSEE;Nb pièces;Couleur\n{siren};N1;94028;T3;bleu\n{siren};N2;94028;T2;\n"
)
RPLS = "IDENT_INT;DEPCOM;NBPIECE;MODE\nN1;94028;3;3\nN2;94028;2;1\nN3;94028;2;5\n"


def deposer(agent: Acteur, nom: str, contenu: str) -> ImportDepose:
    depose = depot.deposer_import(acteur=agent, fichiers=[depot.FichierDepose(nom, contenu.encode())])
    return traiter(depose)


def traiter(depose: ImportDepose) -> ImportDepose:
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    return depose


def appliquer(agent: Acteur, depose: ImportDepose, **choix: Any) -> ImportDepose:
    depot.demander_application(acteur=agent, import_id=depose.pk, **choix)
    return traiter(depose)


def defaire(agent: Acteur, depose: ImportDepose) -> ImportDepose:
    depot.demander_retour(acteur=agent, import_id=depose.pk)
    return traiter(depose)


def patrimoine(bailleur: Bailleur, *lignes: str) -> str:
    return "bailleur;identifiant;commune;typologie;qpv\n" + "".join(f"{bailleur.siren};{ligne}\n" for ligne in lignes)


def connecter(bailleur: Bailleur) -> Client:
    client = Client()
    client.force_login(creer_utilisateur(bailleur), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_les_colonnes_d_un_autre_logiciel_se_choisissent_a_l_ecran_et_se_retiennent(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    contenu = PROGICIEL.format(siren=bailleur.siren).encode()
    client.post("/imports/deposer/", {"fichiers": [SimpleUploadedFile("export_du_lundi.csv", contenu)]})
    depose = traiter(ImportDepose.objects.get())
    assert depose.etat == "refuse"
    assert "Dites ce qu'elles désignent" in client.get(f"/imports/{depose.pk}/").content.decode().replace("&#x27;", "'")
    client.post(f"/imports/{depose.pk}/colonnes/", {"type-0": "patrimoine"})
    traiter(depose)
    page = client.get(f"/imports/{depose.pk}/colonnes/").content.decode()
    assert page.count("À vérifier") == 4
    assert "bleu" in page
    client.post(
        f"/imports/{depose.pk}/colonnes/",
        {"type-0": "patrimoine", "colonne-0-0": "bailleur", "colonne-0-1": "identifiant", "colonne-0-2": "commune",
         "colonne-0-3": "typologie", "colonne-0-4": "-"},
    )  # fmt: skip
    assert traiter(depose).etat == "essaye"
    assert depose.rapport["avertissements"] == []
    assert Correspondance.objects.get(entete="code logement").colonne == "identifiant"
    suivant = deposer(_agent_de(bailleur), "patrimoine_mars.csv", contenu.decode())
    assert (suivant.etat, suivant.rapport["changements_en_tout"]) == ("essaye", 2)


def _agent_de(bailleur: Bailleur) -> Acteur:
    return Rattachement.objects.select_related("organisme", "utilisateur").filter(organisme=bailleur).first().acteur()  # type: ignore[union-attr]


def test_une_erreur_cite_l_en_tete_du_fichier(bailleur: Bailleur, agent: Acteur) -> None:
    for entete, colonne in (("siren bailleur", "bailleur"), ("code insee", "commune"), ("nb pièces", "typologie")):
        Correspondance.objects.create(organisme=bailleur, tableau="patrimoine", entete=entete, colonne=colonne)
    Correspondance.objects.create(
        organisme=bailleur, tableau="patrimoine", entete="code logement", colonne="identifiant"
    )
    contenu = PROGICIEL.format(siren=bailleur.siren).replace("T2", "T9")
    depose = deposer(agent, "patrimoine.csv", contenu)
    assert [(une["ligne"], une["colonne"]) for une in depose.rapport["erreurs"]] == [(3, "Nb pièces")]


def test_un_tableau_se_reconnait_a_ses_en_tetes() -> None:
    assert deviner_type(["bailleur", "identifiant", "commune", "typologie"]) == "patrimoine"
    assert deviner_type(["IDENT_INT", "DEPCOM", "NBPIECE"]) == "rpls"
    assert deviner_type(["numero", "logement", "date_disponibilite"]) == "liberations"
    assert deviner_type(["a", "b"]) == ""
    assert deviner_type(["n° dossier", "logement", "date du congé", "disponible le", "motif"]) == ""


def test_le_nom_d_un_fichier_l_emporte_sur_ses_en_tetes(agent: Acteur) -> None:
    depose = deposer(agent, "liberations_mars.csv", "logement;nature\nA1;relocation\n")
    assert [un["type"] for un in depose.rapport["fichiers"]] == ["liberations"]
    assert {un["colonne"] for un in depose.rapport["erreurs"]} == {"numero", "date_disponibilite"}


def test_les_lignes_fautives_se_telechargent_annotees(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    contenu = patrimoine(bailleur, "N1;94028;T3;", "N2;99999;T9;", "N3;94028;T1;")
    depose = deposer(_agent_de(bailleur), "patrimoine.csv", contenu)
    reponse = client.get(f"/imports/{depose.pk}/fautives/?fichier=patrimoine.csv")
    lignes = reponse.getvalue().decode("utf-8-sig").splitlines()
    assert lignes[0] == "bailleur;identifiant;commune;typologie;qpv;a_corriger"
    assert len(lignes) == 2
    assert lignes[1].startswith(f"{bailleur.siren};N2;99999;T9;;")
    assert "commune : " in lignes[1]
    assert "typologie : " in lignes[1]
    assert client.get(f"/imports/{depose.pk}/fautives/?fichier=autre.csv").status_code == 404


@pytest.mark.regle("RG-06")
def test_ce_que_mode_met_hors_du_champ_se_confirme(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    depose = deposer(_agent_de(bailleur), "rpls_2025.csv", RPLS)
    assert depose.rapport["a_confirmer"] == {"gele": 1, "fonction": 1}
    assert client.post(f"/imports/{depose.pk}/appliquer/").status_code == 422
    with pytest.raises(ErreurMetier, match="fonction"):
        depot.demander_application(acteur=_agent_de(bailleur), import_id=depose.pk, modes_ignores=["gele"])
    lue = empreinte_portee(client, f"/imports/{depose.pk}/appliquer/")
    client.post(f"/imports/{depose.pk}/appliquer/", {"gele": "dans", "fonction": "hors"} | lue)
    assert traiter(depose).etat == "applique"
    etats = dict(SituationLogement.objects.values_list("logement__identifiant", "hors_champ"))
    assert etats == {"N1": "", "N2": "", "N3": "fonction"}
    depose.refresh_from_db()
    messages = [un["message"] for un in depose.rapport["avertissements"]]
    assert "1 logement mis hors du champ (fonction) d'après MODE." in messages
    assert not any("à confirmer" in un for un in messages)
    assert depose.rapport["a_confirmer"] == {}


def test_la_liste_dit_les_fichiers_effaces_et_les_fiches_changees(bailleur: Bailleur, agent: Acteur) -> None:
    """Les fichiers d'un import écrit n'existent plus ; un RPLS peut ne changer que le contingent et le bail."""
    rpls = "IDENT_INT;DEPCOM;NBPIECE;CONTRESLOG\nN1;94028;3;{}\nN2;94028;2;{}\n"
    appliquer(agent, deposer(agent, "rpls_2025.csv", rpls.format(1, 1)))
    depose = appliquer(agent, deposer(agent, "rpls_2026.csv", rpls.format(2, 2)))
    assert (depose.pieces.count(), depose.rapport["changements_en_tout"]) == (0, 0)
    lignes = list(
        csv.DictReader(
            connecter(bailleur).get("/imports/?export=csv").getvalue().decode("utf-8-sig").splitlines(), delimiter=";"
        )
    )
    assert (lignes[0]["Fichiers"], lignes[0]["Changements"], lignes[0]["Contingents et baux"]) == ("1", "0", "2")


def test_un_import_se_defait(bailleur: Bailleur, agent: Acteur) -> None:
    appliquer(agent, deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;", "N2;94028;T2;")))
    avant = _photo()
    second = patrimoine(bailleur, "N1;94028;T4;QN09401I", "N3;94028;T1;")
    depose = appliquer(agent, deposer(agent, "patrimoine.csv", second))
    assert depose.etat == "applique"
    assert _photo() != avant
    depose = defaire(agent, depose)
    assert depose.etat == "defait", depose.rapport
    assert _photo() == avant
    assert not Trace.objects.filter(import_depose=depose).exists()


def test_un_essai_refait_depuis_la_lecture_ne_s_ecrit_pas(bailleur: Bailleur, agent: Acteur) -> None:
    """L'un lit l'essai ; l'autre redit les colonnes, l'essai change : le premier relit avant d'écrire."""
    contenu = f"bailleur;identifiant;commune;typologie;couleur\n{bailleur.siren};N1;94028;T3;bleu\n"
    depose = deposer(agent, "patrimoine.csv", contenu)
    client = connecter(bailleur)
    page = client.get(f"/imports/{depose.pk}/").content.decode()
    adresse = f"/imports/{depose.pk}/appliquer/"
    (lien,) = re.findall(rf'href="({adresse}\?lue=[0-9a-f]{{64}})"', page)
    lue = empreinte_portee(client, lien)
    colonnes = {"patrimoine": {"couleur": "programme"}}
    depot.choisir_colonnes(acteur=agent, import_id=depose.pk, types={}, colonnes=colonnes)
    assert traiter(depose).etat == "essaye"
    for saisie in (lue, {}):
        reponse = client.post(adresse, saisie)
        assert (reponse.status_code, "a changé depuis" in reponse.content.decode()) == (409, True)
    depose.refresh_from_db()
    assert (depose.etat, depose.acte_demande) == ("essaye", "choisir_les_colonnes")
    assert 'name="empreinte_lue"' not in client.get(lien).content.decode()
    assert client.post(adresse, empreinte_portee(client, adresse)).status_code == 302
    assert traiter(depose).etat == "applique"
    assert Logement.objects.get(identifiant="N1").programme == "bleu"


def test_l_ecran_dit_qui_a_demande_le_dernier_acte_et_quand(bailleur: Bailleur, agent: Acteur) -> None:
    """Déposé par l'un, appliqué puis défait par l'autre : la page dit chacun, et l'heure de la demande, pas celle de sa fin."""
    collegue = creer_utilisateur(bailleur)
    collegue.prenom, collegue.nom = "Zoé", "Martin"
    collegue.save()
    acteur = Rattachement.objects.select_related("organisme", "utilisateur").get(utilisateur=collegue).acteur()
    depose = deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;"))
    client = Client()
    client.force_login(collegue)

    def lire() -> str:
        return html.unescape(client.get(f"/imports/{depose.pk}/").content.decode())

    assert "demandée le" not in lire()
    for faire, phrase in ((appliquer, "Écriture demandée"), (defaire, "Retour en arrière demandé")):
        avant = timezone.now()
        depose = faire(acteur, depose)
        assert depose.demande_le is not None
        assert avant <= depose.demande_le <= depose.change_le
        assert f"{phrase} le {ecrire_instant(depose.demande_le)} par Zoé Martin." in lire()
    assert "Déposé le" in lire()


def test_un_rpls_se_defait_avec_ses_fiches(bailleur: Bailleur, agent: Acteur) -> None:
    ancien = "IDENT_INT;DEPCOM;NBPIECE;CONTRESLOG;BAIL\nN1;94028;3;2;05/2023\n"
    appliquer(agent, deposer(agent, "rpls_2025.csv", ancien))
    avant = list(FicheRpls.objects.values_list("logement__identifiant", "contingent", "millesime"))
    nouveau = ancien.replace(";2;05/2023", ";7;06/2025") + "N2;94028;2;3;01/2020\n"
    depose = appliquer(agent, deposer(agent, "rpls_2026.csv", nouveau))
    assert FicheRpls.objects.filter(millesime=2026).count() == 2
    assert defaire(agent, depose).etat == "defait"
    assert list(FicheRpls.objects.values_list("logement__identifiant", "contingent", "millesime")) == avant


def _photo() -> list[Any]:
    return [
        sorted(Logement.objects.values_list("pk", "identifiant", "typologie")),
        sorted(SituationLogement.objects.values_list("logement_id", "qpv", "hors_champ")),
    ]


def test_un_import_dont_une_liberation_depend_ne_se_defait_pas(bailleur: Bailleur, agent: Acteur) -> None:
    depose = appliquer(agent, deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;")))
    creer_liberation(Logement.objects.get())
    depose = defaire(agent, depose)
    assert depose.etat == "applique"
    assert "dépendent" in depose.rapport["retour"]["refus"]
    assert (Logement.objects.count(), Liberation.objects.count()) == (1, 1)


def test_une_ligne_changee_depuis_ne_se_defait_pas(bailleur: Bailleur, agent: Acteur) -> None:
    depose = appliquer(agent, deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;")))
    Logement.objects.update(typologie="T5")
    depose = defaire(agent, depose)
    assert "1 ligne a changé depuis (logement)" in depose.rapport["retour"]["refus"]
    assert Logement.objects.get().typologie == "T5"


@pytest.mark.regle("RG-63")
def test_un_import_ne_se_defait_pas_apres_la_publication_d_un_bilan(bailleur: Bailleur, agent: Acteur) -> None:
    depose = appliquer(agent, deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;")))
    Bilan.objects.create(bailleur=bailleur, departement_id="94", annee=2025, publie_le=timezone.now())
    assert "publié depuis" in defaire(agent, depose).rapport["retour"]["refus"]


def test_toute_table_qu_un_import_touche_est_suivie() -> None:
    with connection.cursor() as curseur:
        for nom in DECLENCHEURS:
            curseur.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [nom])
            assert {table for (table,) in curseur.fetchall()} == {table for table, _ in tables_tracees()}


def test_ce_qui_s_ecrit_hors_d_un_import_ne_laisse_pas_de_trace(bailleur: Bailleur, agent: Acteur) -> None:
    deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;"))
    assert not Trace.objects.exists()


def test_un_deposant_parti_clot_l_import(bailleur: Bailleur, agent: Acteur) -> None:
    depose = depot.deposer_import(acteur=agent, fichiers=[depot.FichierDepose("patrimoine.csv", b"x")])
    Rattachement.objects.all().delete()
    assert traiter(depose).etat == "refuse"
    assert "n'a plus accès" in depose.rapport["erreurs"][0]["message"]


def test_l_avancement_compte_les_lignes(tmp_path: Any) -> None:
    chemin = tmp_path / "patrimoine.csv"
    chemin.write_text("a\n1\n2\n3\n")
    assert compter_les_lignes(chemin) == 3


@pytest.mark.regle("RG-70")
def test_un_import_applique_ou_abandonne_ne_garde_aucun_numero_de_demande(bailleur: Bailleur, agent: Acteur) -> None:
    creer_liberation(creer_logement(bailleur), numero="B1")
    candidats = "liberation;rang;numero_demande\nB1;1;094125000000000001\nB1;1;094125ABCDEFGHIJKL\n"
    orientations = "liberation;rang;compte;date_orientation\nB1;1;BAILLEUR;2025-01-05\n"
    fichiers = [
        depot.FichierDepose("candidats.csv", candidats.encode()),
        depot.FichierDepose("orientations.csv", orientations.encode()),
    ]
    depose = traiter(depot.deposer_import(acteur=agent, fichiers=fichiers))
    assert depose.etat == "essaye"
    for numero in ("094125000000000001", "094125ABCDEFGHIJKL"):
        assert numero not in str(depose.rapport)
    lecteur = acteur_de(bailleur, Role.LECTEUR)
    assert not Piece.objects.visibles_par(lecteur).exists()
    with rls.pour_acteur(lecteur):
        assert not Piece.objects.filter(organisme_id=bailleur.pk).exists()
    appliquer(agent, depose)
    assert not Piece.objects.filter(genre="import").exists()
    assert not Contenu.objects.exists()
    abandonne = traiter(depot.deposer_import(acteur=agent, fichiers=fichiers[:1]))
    depot.abandonner(acteur=agent, import_id=abandonne.pk)
    assert not Piece.objects.filter(genre="import").exists()


def test_un_import_qui_tue_son_processus_finit_refuse(bailleur: Bailleur, agent: Acteur) -> None:
    contenu = patrimoine(bailleur, "N1;94028;T3;").encode()
    depose = depot.deposer_import(acteur=agent, fichiers=[depot.FichierDepose("patrimoine.csv", contenu)])
    ImportDepose.objects.update(etat="en_essai", tentatives=3)
    ImportDepose.objects.update(change_le=timezone.now() - timedelta(minutes=6))
    traitement.traiter(depose.pk)
    depose.refresh_from_db()
    assert depose.etat == "refuse"
    assert "plusieurs fois sans finir" in depose.rapport["erreurs"][0]["message"]


def test_un_essai_oublie_est_abandonne_et_ses_fichiers_effaces(bailleur: Bailleur, agent: Acteur) -> None:
    deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;"))
    ImportDepose.objects.update(change_le=timezone.now() - timedelta(days=8))
    assert fichiers_deposes.abandonner_les_oublies() == 1
    assert (ImportDepose.objects.get().etat, Piece.objects.count()) == ("annule", 0)


@pytest.mark.regle("RG-70")
@pytest.mark.parametrize(("etat", "reste"), [("annule", 0), ("applique", 1), ("defait", 1), ("refuse", 1)])
def test_un_import_abandonne_depuis_un_an_s_efface_un_import_qui_a_ecrit_reste(
    bailleur: Bailleur, agent: Acteur, etat: str, reste: int
) -> None:
    deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;"))
    ImportDepose.objects.update(etat=etat, change_le=datetime(2026, 2, 10, 12, tzinfo=UTC))
    assert fichiers_deposes.effacer_les_abandonnes(date(2027, 2, 10)) == 0
    assert fichiers_deposes.effacer_les_abandonnes(date(2027, 2, 11)) == 1 - reste
    assert ImportDepose.objects.count() == reste


def test_le_registre_commun_ne_s_importe_pas_sous_un_autre_nom(bailleur: Bailleur, agent: Acteur) -> None:
    contenu = "code;nom;type;territoire\nFAUX;Préfecture;etat;departement:94\n"
    depose = deposer(agent, "liste.csv", contenu)
    assert "ne dit pas son tableau" in depose.rapport["erreurs"][0]["message"]
    depot.choisir_colonnes(acteur=agent, import_id=depose.pk, types={"liste.csv": "reservataires"}, colonnes={})
    assert traiter(depose).etat == "refuse"
    assert "registre" in depose.rapport["erreurs"][0]["message"]


def test_toute_table_suivie_a_une_empreinte() -> None:
    """Ce qu'une ligne devient ne se garde que par son empreinte : chaque type de colonne doit en avoir une."""
    with connection.cursor() as curseur:
        for table, _ in tables_tracees():
            curseur.execute(f"SELECT hash_record_extended(jsonb_populate_record(NULL::{table}, '{{}}'), 0)")
            assert curseur.fetchone()[0] is not None


def test_ce_qu_un_import_change_puis_remet_n_est_pas_a_defaire(bailleur: Bailleur, agent: Acteur) -> None:
    appliquer(agent, deposer(agent, "patrimoine.csv", patrimoine(bailleur, "N1;94028;T3;")))
    depose = depot.deposer_import(acteur=agent, fichiers=[depot.FichierDepose("patrimoine.csv", b"x")])
    logement = Logement.objects.get()
    with transaction.atomic(), tracer(depose.pk):
        Logement.objects.update(typologie="T5")
        Logement.objects.update(typologie="T3")
        Logement.objects.create(bailleur=bailleur, identifiant="N2", commune_id="94028", typologie="T1").delete()
    Logement.objects.update(typologie="T2")
    with transaction.atomic():
        depose.applique_le = timezone.now()
        assert defaire_l_import(depose) == 0
    logement.refresh_from_db()
    assert logement.typologie == "T2"


def test_un_import_de_plusieurs_paquets_se_defait(bailleur: Bailleur, agent: Acteur) -> None:
    lignes = [f"N{rang};94028;T3;" for rang in range(1005)]
    appliquer(agent, deposer(agent, "patrimoine.csv", patrimoine(bailleur, *lignes)))
    avant = _photo()
    second = patrimoine(bailleur, *(ligne.replace("T3", "T4") for ligne in lignes), "N9999;94028;T1;")
    depose = appliquer(agent, deposer(agent, "patrimoine.csv", second))
    assert Trace.objects.filter(import_depose=depose, table="conventions_logement").count() == 3
    assert defaire(agent, depose).etat == "defait"
    assert _photo() == avant
