"""Personne n'est captif : toute table du bailleur s'exporte, ou dit pourquoi non ; et tout revient à l'identique (formats.md § 1 et 2)."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bilans.actions.preparer import preparer_bilan
from bilans.actions.produire import produire
from bilans.actions.publier import publier
from bilans.models import Bilan
from conventions.actions.complements import ajouter_une_piece, retirer_une_piece
from conventions.actions.concertations import Programme, arreter_la_repartition, ouvrir_concertation
from conventions.actions.pieces import Fichier
from conventions.models import (
    Bailleur,
    Commentaire,
    Complement,
    Concertation,
    ContactAutorite,
    Convention,
    Gabarit,
    Manquement,
    PartConcertation,
    Reservataire,
    VersionProposee,
)
from flux_reservations.acces.consultations import Consultation
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.export_complet.actions import fabriquer
from flux_reservations.echanges.export_complet.modeles import ExportComplet
from flux_reservations.echanges.exportation import exporter
from flux_reservations.echanges.tableaux import TABLEAUX
from flux_reservations.echanges.tableaux.pieces import MORCEAU
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.territoires.models import Commune
from tests.echanges.test_aller_retour import repasser
from tests.fabriques import acteur_de, creer_etat, creer_utilisateur
from tests.jeu_aleatoire import JeuAleatoire

PAROLES_D_AUTRUI = ("versions_proposees", "commentaires", "concertations", "parts_concertation", "manquements")
CELLULE_MAXIMALE = 32_767
NON_EXPORTEES = {
    "acces": "les personnes, leurs accès et leurs jetons : des secrets et des données de personnes, propres à chaque installation",
    "territoires": "référentiel national, livré avec l'application",
    "socle.EntreeJournal": "chaîné par empreinte avec les clés de cette base : il s'exporte à l'écran, il ne se recopie pas",
    "notifications.Courriel": "boîte de la démonstration",
    "attributions.Proposition": "le moteur la recalcule",
    "attributions.MembreSeance": "des personnes, propres à chaque installation",
    "bilans.AbonnementCalendrier": "une adresse secrète, propre à une personne et à cette installation",
    "series": "la conduite d'un acte répété : ses effets (signatures, envois, bilans), eux, sortent",
    "bilans.Campagne": "la conduite d'une production : ses documents, eux, sortent",
    "attributions.Besoin": "appartient au réservataire qui l'exprime",
    "conventions.ConventionDeposee": "appartient à l'État qui l'a déposée",
    "echanges.Abonnement": "un secret et une adresse, propres à cette installation",
    "echanges.ExportComplet": "une archive de ces mêmes tableaux, effacée au bout de quelques jours",
    "echanges.MorceauExport": "suit l'export",
    "echanges.Appel": "suit l'abonnement",
    "echanges.LectureDuJournal": "suit le journal",
    "echanges.Correspondance": "un réglage d'écran : ce que les en-têtes d'un logiciel veulent dire",
    "echanges.Trace": "de quoi défaire un import",
    "echanges.DemandeOrganisme": "une demande à l'administration : l'organisme créé est dans reservataires",
    "echanges.ImportDepose": "un import est déjà dans les tables qu'il a remplies",
    "echanges.ImportDepose_pieces": "suit l'import",
}
PORTEES_AUTREMENT = {
    "conventions.Droit": "tableau droits",
    "conventions.Droit_perimetre": "colonne perimetre des droits",
    "conventions.Droit_assiette": "colonne assiette des droits",
    "conventions.SituationLogement": "tableau situations, et l'état du patrimoine",
    "pieces.Contenu": "tableau contenus",
}
CHAMPS_NON_EXPORTES = {
    "bilans.Bilan": {
        "etat": "seuls les publiés sortent", "progression": "production", "erreur": "production",
        "tentatives": "production", "campagne": "production",
        "publie_par": "une personne", "remplace": "la version précédente",
    },
    "notifications.Envoi": {
        "emetteur": "le bailleur", "pris_le": "verrou d'un processus", "prochain_essai_le": "verrou d'un processus",
    },
    "notifications.Demande": {"destinataire": "le bailleur", "faite_par": "une personne", "repondue_par": "une personne"},
    "pieces.Piece": {"organisme": "le bailleur", "deposee_par": "une personne"},
    "attributions.Orientation": {"decidee_par": "une personne", "reservataire": "compte", "sous_contingent": "compte"},
    "attributions.SoldeOuverture": {"origine": "un bilan publié l'arrête de nouveau"},
    "attributions.Seance": {"proces_verbal": "tableau pieces, porteur"},
    "attributions.Inscription": {"seance": "date et lieu", "orientation": "liberation et rang"},
    "attributions.Candidat": {"orientation": "liberation et rang", "empreinte_demande": "recalculée du numéro"},
    "bilans.Prevision": {"exclusions": "une colonne par motif"},
    "conventions.Convention": {
        "etat": "se déduit des dates", "origine": "avenant_de", "remplacee_le": "se déduit", "periode_vigueur": "calculée par la base",
        "piece_signee": "tableau pieces, porteur", "gabarit": "tableau versions_proposees",
    },
    "conventions.Gabarit": {"ecrit_par": "une personne"},
    "conventions.VersionProposee": {"proposee_par": "une personne"},
    "conventions.Complement": {"deposee_par": "une personne", "retiree_par": "une personne"},
    "conventions.Commentaire": {"ecrit_par": "une personne"},
    "conventions.ContactAutorite": {"tenu_par": "le bailleur", "saisi_par": "une personne", "periode": "calculée par la base"},
    "conventions.PartConcertation": {"concertation": "commune et programme", "repondue_par": "une personne"},
    "conventions.Manquement": {
        "piece": "au préfet", "suite_piece": "au préfet", "saisi_par_organisme": "saisi_par_bailleur",
    },
    "conventions.Bailleur": {"nature": "bailleur", "territoire": "sans objet", "organisme_ptr": "héritage"},
    "conventions.Reservataire": {"nature": "se déduit du type", "organisme_ptr": "héritage"},
}  # fmt: skip


def _modeles() -> list[Any]:
    ours = ("flux_reservations.", "conventions", "attributions", "bilans")
    return [modele for modele in apps.get_models(include_auto_created=True) if modele.__module__.startswith(ours)]


def test_toute_table_est_exportee_ou_dit_pourquoi_elle_ne_l_est_pas() -> None:
    exportees = {tableau.modele._meta.label for tableau in TABLEAUX if hasattr(tableau, "modele")}
    oubliees = {
        modele._meta.label
        for modele in _modeles()
        if modele._meta.label not in exportees | NON_EXPORTEES.keys() | PORTEES_AUTREMENT.keys()
        and modele._meta.app_label not in NON_EXPORTEES
    }
    assert not oubliees, f"Tables ni exportées ni excusées : {oubliees} (flux_reservations/echanges/tableaux, ou ici)."


def test_toute_colonne_est_exportee_ou_dit_pourquoi_elle_ne_l_est_pas() -> None:
    oublies = []
    for tableau in TABLEAUX:
        if not hasattr(tableau, "modele"):
            continue
        options = tableau.modele._meta
        lus = {colonne.champ for colonne in tableau.colonnes} | {colonne.nom for colonne in tableau.colonnes}
        excuses = CHAMPS_NON_EXPORTES.get(options.label, {})
        oublies += [
            f"{options.label}.{champ.name}"
            for champ in options.concrete_fields
            if not champ.auto_created and champ.attname not in lus and champ.name not in lus | excuses.keys()
        ]
    assert not oublies


@pytest.mark.django_db
@pytest.mark.regle("RG-63")
def test_bilans_publies_registre_et_pieces_reviennent_a_l_identique(tmp_path: Path) -> None:
    bailleur, acteur = _publier_un_bilan()
    avant = _photo(bailleur)
    un, deux = repasser(tmp_path, bailleur.siren)
    assert un == deux
    assert {"contenus.csv", "pieces.csv", "bilans.csv", "envois.csv", "demandes.csv"} <= set(un)
    apres = _photo(Bailleur.objects.get(siren=bailleur.siren))
    assert apres == avant
    assert acteur.organisme_id is not None
    sortie = StringIO()
    call_command("verifier_donnees", stdout=sortie)


@pytest.mark.django_db
def test_reimporter_un_export_complet_ne_change_rien(tmp_path: Path) -> None:
    bailleur, _ = _publier_un_bilan()
    exporter(tmp_path, bailleur)
    rapport = appliquer([tmp_path], acteur=Acteur.systeme())
    assert rapport.erreurs == []
    assert [un.fichier for un in rapport.fichiers if un.crees or un.modifies] == []


@pytest.mark.django_db
@pytest.mark.regle("RG-63")
def test_un_octet_change_dans_un_document_se_voit(tmp_path: Path) -> None:
    bailleur, _ = _publier_un_bilan()
    exporter(tmp_path, bailleur)
    chemin = tmp_path / "contenus.csv"
    lignes = chemin.read_text(encoding="utf-8-sig").splitlines()
    lignes[1] = lignes[1][:-8] + ("AAAAAAAA" if not lignes[1].endswith("AAAAAAAA") else "BBBBBBBB")
    chemin.write_text("\n".join(lignes), encoding="utf-8")
    rapport = essayer([chemin], acteur=Acteur.systeme())
    assert "altéré" in rapport.erreurs[0].message


@pytest.mark.django_db
def test_un_bilan_publie_ne_se_recrit_pas_par_import(tmp_path: Path) -> None:
    bailleur, _ = _publier_un_bilan()
    exporter(tmp_path, bailleur)
    chemin = tmp_path / "bilans.csv"
    texte = chemin.read_text(encoding="utf-8-sig")
    empreinte = Bilan.objects.get(etat="publie").empreinte
    chemin.write_text(texte.replace(f";{empreinte};{empreinte};", f";{empreinte};{'0' * 64};"), encoding="utf-8")
    rapport = essayer([chemin], acteur=Acteur.systeme())
    assert "RG-63" in rapport.erreurs[0].message


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
def test_importer_un_registre_n_ecrit_a_personne(tmp_path: Path) -> None:
    bailleur, _ = _publier_un_bilan()
    Envoi.objects.update(etat="prevu", envoye_le=None)
    exporter(tmp_path, bailleur)
    Envoi.objects.all().delete()
    appliquer([tmp_path], acteur=Acteur.systeme())
    assert set(Envoi.objects.values_list("etat", flat=True)) == {"echec"}
    assert not Envoi.objects.a_expedier(timezone.now()).exists()


@pytest.mark.django_db
def test_un_agent_ne_fabrique_pas_de_preuve(tmp_path: Path) -> None:
    bailleur, acteur = _publier_un_bilan()
    exporter(tmp_path, bailleur)
    for nom in ("contenus", "pieces", "bilans", "envois", "demandes", *PAROLES_D_AUTRUI):
        rapport = essayer([tmp_path / f"{nom}.csv"], acteur=acteur)
        assert ["administration" in erreur.message for erreur in rapport.erreurs] == [True], nom


@pytest.mark.django_db
@pytest.mark.regle("RG-70")
def test_le_responsable_exporte_tout_a_l_ecran_motif_et_trace(tmp_path: Path, client: Client) -> None:
    bailleur, _ = _publier_un_bilan()
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    refus = client.post(reverse("exporter_tout"), {"motif": ""})
    assert refus.status_code == 422
    assert not Consultation.objects.filter(objet_cle=bailleur.siren).exists()
    client.post(reverse("exporter_tout"), {"motif": "Changement de logiciel"})
    export = ExportComplet.objects.get()
    assert fabriquer(export.pk) == "pret"
    reponse = client.get(reverse("telecharger_export", args=[export.pk]))
    assert reponse.status_code == 200
    with ZipFile(BytesIO(reponse.getvalue())) as archive:
        assert archive.testzip() is None
        recus = {nom: archive.read(nom) for nom in archive.namelist()}
    exporter(tmp_path, bailleur)
    assert recus == {chemin.name: chemin.read_bytes() for chemin in tmp_path.iterdir()}
    assert {une.motif for une in Consultation.objects.all()} == {"Changement de logiciel"}
    assert EntreeJournal.objects.filter(action="exporter_tout", motif="Changement de logiciel").count() == 1


def _publier_un_bilan() -> tuple[Bailleur, Acteur]:
    """Un bailleur tiré au sort, son bilan 2025 publié et diffusé, une convention avec sa pièce, une contestation."""
    bailleur = JeuAleatoire(7, logements=60, par_an=30).bailleur
    Convention.objects.filter(origine=F("pk")).update(origine=None)
    acteur = acteur_de(bailleur, Role.RESPONSABLE)
    bilan = preparer_bilan(acteur=acteur, bailleur_id=bailleur.pk, departement="94", annee=2025)
    produire(bilan.pk)
    publier(acteur=acteur, bilan_id=bilan.pk)
    convention = Convention.objects.filter(bailleur=bailleur).order_by("pk").first()
    assert convention is not None
    convention.piece_signee = Piece.objects.deposer(
        organisme_id=bailleur.pk, genre="convention", nom="=signée.pdf", type_mime="application/pdf", octets=bytes(range(256)) * 300
    )  # fmt: skip
    convention.save(update_fields=["piece_signee"])
    envoi = Envoi.objects.filter(emetteur_id=bailleur.pk, destinataire__isnull=False).order_by("pk").first()
    assert envoi is not None
    Demande.objects.create(
        genre="precision", emetteur_id=envoi.destinataire_id, destinataire_id=bailleur.pk, objet_type="notifications.envoi",
        objet_cle=str(envoi.pk), sujet="Bilan", texte="Quel logement ?",
    )  # fmt: skip
    _entourer(convention, acteur)
    # Partis : le registre revient tel quel.
    Envoi.objects.update(etat="envoye", envoye_le=bilan.cree_le)
    return bailleur, acteur


def _entourer(convention: Convention, acteur: Acteur) -> None:
    """Un gabarit de deux versions, une version proposée et commentée, un contact, un programme neuf, une mise en demeure."""
    bailleur = convention.bailleur
    for rang in (1, 2):
        gabarit = Gabarit.objects.create(
            bailleur=bailleur, nom="Maison", rang=rang, texte=f"# {rang}\n\n{{{{ tableau_des_droits }}}}\n"
        )
    convention.gabarit = gabarit
    convention.save(update_fields=["gabarit"])
    VersionProposee.objects.create(
        convention=convention, rang=1, proposee_le=date(2025, 3, 1), piece_id=convention.piece_signee_id
    )
    for rang in (1, 2):
        ajouter_une_piece(
            acteur=acteur,
            convention_id=convention.pk,
            nature="annexe",
            objet=f"=Annexe {rang}",
            fichier=Fichier("annexe.pdf", page_pdf((f"Annexe {rang}",))),
        )
    retirer_une_piece(
        acteur=acteur, complement_id=convention.complements.get(rang=1).pk, motif="Mauvais fichier", le=date(2026, 1, 5)
    )
    for organisme in (convention.reservataire_id, bailleur.pk):
        Commentaire.objects.create(convention=convention, rang=1, organisme_id=organisme, texte="=Trente jours ?")
    ContactAutorite.objects.create(
        territoire_id="ept:200058006", tenu_par=bailleur, nom="Habitat", voie="recommande", depuis=date(2025, 1, 1),
        adresse="1 rue de la Mairie\n94000 Créteil", concerne_par_la_reforme=True,
    )  # fmt: skip
    ouverte = ouvrir_concertation(
        acteur=acteur,
        bailleur_id=bailleur.pk,
        programme=Programme("Les Tilleuls", Commune.objects.get(pk="94028"), 10, date(2027, 6, 1), date(2027, 3, 1)),
        invites=Reservataire.objects.filter(pk=convention.reservataire_id),
    )
    arreter_la_repartition(
        acteur=acteur,
        concertation_id=ouverte.pk,
        parts={part.pk: 10 if part.reservataire_id is None else 0 for part in ouverte.parts.all()},
        compte_rendu=" Réunis, d'accord.\n",
        fichier=Fichier("compte-rendu.pdf", page_pdf(("Compte rendu",))),
    )
    Manquement.objects.create(
        prefet=Reservataire.objects.filter(type="etat").first() or creer_etat("ETAT94"), bailleur=bailleur, departement_id="94",
        convention=convention, reservataire_id=convention.reservataire_id, mise_en_demeure_le=date(2026, 1, 5), motif="Délais non tenus.",
        saisi_par_organisme=bailleur,
    )  # fmt: skip


def _photo(bailleur: Bailleur) -> list[Any]:
    """Ce qui doit revenir, sans les clés de base."""
    bilans = Bilan.objects.filter(bailleur=bailleur).order_by("annee", "version")
    envois = Envoi.objects.filter(emetteur_id=bailleur.pk).order_by("cle")
    return [
        [(un.empreinte, json.dumps(un.donnees, sort_keys=True), un.pdf.contenu_id if un.pdf else "") for un in bilans],
        [bytes(un.octets) for un in Contenu.objects.order_by("pk")],
        [(un.cle, un.etat, un.depose_le, un.piece.contenu_id if un.piece else "", un.destinataire_nom) for un in envois],
        [un.piece_signee.nom for un in Convention.objects.filter(piece_signee__isnull=False).select_related("piece_signee")],  # type: ignore[union-attr]
        [(un.sujet, un.texte) for un in Demande.objects.all()],
        [(str(un), un.texte, un.ecrit_le) for un in Gabarit.objects.order_by("rang")],
        [str(un.gabarit) for un in Convention.objects.filter(gabarit__isnull=False)],
        [(un.rang, un.proposee_le, un.piece.contenu_id) for un in VersionProposee.objects.all()],
        [
            (un.rang, un.nature, un.objet, un.piece.contenu_id, un.deposee_le, un.retiree_le, un.motif_retrait)
            for un in Complement.objects.all()
        ],
        [(un.rang, un.organisme.nom, un.texte, un.ecrit_le) for un in Commentaire.objects.order_by("ecrit_le")],
        [(un.territoire_id, un.nom, un.adresse, un.periode) for un in ContactAutorite.objects.all()],
        [(str(un), un.etat, un.compte_rendu, un.piece.contenu_id if un.piece else "") for un in Concertation.objects.all()],
        sorted((str(un.reservataire), un.arretes) for un in PartConcertation.objects.all()),
        [(un.prefet.nom, un.motif, str(un.convention)) for un in Manquement.objects.all()],
    ]  # fmt: skip


def test_un_morceau_de_document_tient_dans_une_cellule_de_tableur() -> None:
    assert MORCEAU * 4 // 3 < CELLULE_MAXIMALE
