"""Un petit monde où chaque sorte de ligne existe chez deux bailleurs : de quoi essayer de lire celle d'un autre."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from attributions.models import (
    Besoin,
    Candidat,
    Inscription,
    Liberation,
    MembreSeance,
    Occupation,
    Orientation,
    Proposition,
    Seance,
)
from bilans.models import Bilan, Campagne, Prevision
from conventions.domaine.codes import Contrepartie
from conventions.models import (
    Bailleur,
    Commentaire,
    Complement,
    Concertation,
    ContactAutorite,
    Convention,
    ConventionDeposee,
    Gabarit,
    Logement,
    Manquement,
    PartConcertation,
    Reservataire,
    ReservationStock,
    VersionProposee,
)
from flux_reservations.acces.models import Absence, Invitation, Jeton, Organisme, Portefeuille, Rattachement, Secteur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.echanges.models import (
    Abonnement,
    Appel,
    DemandeOrganisme,
    ExportComplet,
    ImportDepose,
    MorceauExport,
)
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.series.models import ActeDeSerie, Serie
from flux_reservations.socle.chiffrement import chiffrer_octets
from flux_reservations.socle.journal import journaliser
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

DEPOSE = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
METROPOLE_EPT = "ept:200058006"


@dataclass
class Monde:
    """Les organismes, leurs acteurs et les lignes que les essais citent."""

    bailleur_a: Bailleur
    bailleur_b: Bailleur
    mairie: Reservataire
    caf: Reservataire
    etat: Reservataire
    etat_voisin: Reservataire
    epci: Reservataire
    plateforme: Organisme
    acteurs: dict[str, Acteur] = field(default_factory=dict)
    toleres: dict[tuple[str, type[Any]], set[Any]] = field(default_factory=dict)
    convention_mairie: Convention = field(init=False)
    convention_etat: Convention = field(init=False)
    brouillon: Convention = field(init=False)
    liberation_a: Liberation = field(init=False)
    liberation_a_orienter: Liberation = field(init=False)
    import_a: ImportDepose = field(init=False)
    export_a: ExportComplet = field(init=False)
    organisme_demande: DemandeOrganisme = field(init=False)
    liberation_b: Liberation = field(init=False)
    orientation_mairie: Orientation = field(init=False)
    orientation_caf: Orientation = field(init=False)
    bilan_a: Bilan = field(init=False)
    campagne_a: Campagne = field(init=False)
    serie_a: Serie = field(init=False)
    bilan_b: Bilan = field(init=False)
    piece_a: Piece = field(init=False)
    transmission: Envoi = field(init=False)
    seance_a: Seance = field(init=False)
    seance_ouverte: Seance = field(init=False)
    inscription_a: Inscription = field(init=False)
    rattachement_a: Rattachement = field(init=False)
    demande: Demande = field(init=False)
    jeton_a: Jeton = field(init=False)
    gabarit_a: Gabarit = field(init=False)
    concertation_a: Concertation = field(init=False)
    part_mairie: PartConcertation = field(init=False)
    manquement_a: Manquement = field(init=False)
    deposee: ConventionDeposee = field(init=False)
    besoin: Besoin = field(init=False)
    occupation_a: Occupation = field(init=False)
    secteur_a: Secteur = field(init=False)
    absence_a: Absence = field(init=False)
    invitation_a: Invitation = field(init=False)
    abonnement_a: Abonnement = field(init=False)
    appel_a: Appel = field(init=False)
    tableur_a: Piece = field(init=False)


def batir_monde() -> Monde:
    """Crée tout, en système."""
    monde = Monde(
        bailleur_a=creer_bailleur("Habitat de l'Orme"),
        bailleur_b=creer_bailleur("Logis du Cèdre"),
        mairie=creer_reservataire("MAIRIE", "commune", "commune:94028", courriel="mairie@essai.example"),
        caf=creer_reservataire("CAF94"),
        etat=creer_etat(),
        etat_voisin=creer_etat("ETAT93", "departement:93"),
        epci=creer_reservataire("EPT11", "ept", METROPOLE_EPT, courriel="ept@essai.example"),
        plateforme=Organisme.objects.create(nature="plateforme", nom="Administration"),
    )
    _ajouter_acteurs(monde)
    _ajouter_conventions(monde)
    _ajouter_parcours(monde)
    _ajouter_attributions(monde)
    _ajouter_bilans(monde)
    _ajouter_series(monde)
    monde.rattachement_a = Rattachement.objects.get(utilisateur_id=monde.acteurs["bailleur_a"].utilisateur_id)
    monde.invitation_a = Invitation.objects.create(
        organisme=monde.bailleur_a,
        courriel="invite@essai.example",
        role="lecteur",
        empreinte="1" * 64,
        expire_le=DEPOSE + timedelta(days=9999),
    )
    monde.jeton_a = Jeton.objects.create(
        organisme=monde.bailleur_a, usage="Progiciel", empreinte="2" * 64, debut="flux_essai"
    )
    monde.tableur_a = Piece.objects.deposer(
        organisme_id=monde.bailleur_a.pk,
        genre="reprise",
        nom="decompte.csv",
        type_mime="text/csv",
        octets=b"liberation;compte\nL1;AL\n",
    )
    monde.abonnement_a = Abonnement.objects.create(
        organisme=monde.bailleur_a,
        usage="Progiciel",
        adresse="https://progiciel.example/",
        evenements=["bail.signe"],
        verifie_le=timezone.now(),
    )
    monde.appel_a = Appel.objects.create(abonnement=monde.abonnement_a, evenement="bail.signe", etat="abandonne")
    _ajouter_portefeuilles(monde)
    monde.demande = Demande.objects.create(
        genre="carence", emetteur_id=monde.mairie.pk, destinataire_id=monde.bailleur_a.pk, objet_type="attributions.orientation",
        objet_cle=str(monde.orientation_mairie.pk), sujet="Carence", texte="Le délai courait encore.",
    )  # fmt: skip
    for bailleur in (monde.bailleur_a, monde.bailleur_b):
        journaliser(acteur=Acteur.systeme(), action="essai", objet=bailleur, organisme_id=bailleur.pk)
    for role in ("bailleur_a", "bailleur_b"):
        acteur = monde.acteurs[role]
        monde.toleres[role, Rattachement] = set(
            Rattachement.objects.filter(utilisateur_id=acteur.utilisateur_id).values_list("pk", flat=True)
        )
    return monde


def _ajouter_acteurs(monde: Monde) -> None:
    for nom in ("bailleur_a", "bailleur_b", "mairie", "caf", "etat", "etat_voisin", "epci"):
        monde.acteurs[nom] = acteur_de(getattr(monde, nom))
    monde.acteurs["responsable_a"] = acteur_de(monde.bailleur_a, Role.RESPONSABLE)
    monde.acteurs["plateforme"] = acteur_de(monde.plateforme, Role.ADMINISTRATEUR)
    monde.acteurs["caleol"] = acteur_de(monde.bailleur_a, Role.MEMBRE)
    monde.acteurs["anonyme"] = Acteur.anonyme()


def _ajouter_conventions(monde: Monde) -> None:
    monde.convention_mairie = creer_convention(
        monde.bailleur_a, monde.mairie, [("20", "", "commune:94028")], contrepartie=Contrepartie.GARANTIE_EMPRUNT
    )
    monde.convention_etat = creer_convention(
        monde.bailleur_a, monde.etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")]
    )
    creer_convention(monde.bailleur_b, monde.mairie, [("10", "", "commune:94028")], delegataire_id=monde.epci.pk)
    monde.brouillon = creer_convention(monde.bailleur_a, monde.caf, etat="brouillon")
    monde.piece_a = _deposer(monde.bailleur_a, "convention.pdf")
    _deposer(monde.bailleur_b, "brouillon.pdf")
    communs: dict[str, Any] = {
        "genre": "transmission",
        "objet_type": "conventions.convention",
        "emetteur_id": monde.bailleur_a.pk,
        "departement_id": "94",
        "piece": monde.piece_a,
        "objet": "Transmission d'une convention",
        "objet_cle": str(monde.convention_mairie.pk),
    }
    monde.transmission = Envoi.objects.create(
        destinataire_id=monde.etat.pk, destinataire_nom="Préfecture", depose_le=DEPOSE, etat="envoye", **communs
    )
    Envoi.objects.create(
        destinataire_id=monde.epci.pk, destinataire_nom="EPT", depose_le=DEPOSE, etat="envoye", **communs
    )
    Envoi.objects.create(destinataire_id=monde.caf.pk, destinataire_nom="CAF", **communs)


def _ajouter_parcours(monde: Monde) -> None:
    """Ce qui entoure les conventions, chez les deux bailleurs."""
    for lettre, bailleur in (("a", monde.bailleur_a), ("b", monde.bailleur_b)):
        gabarit = Gabarit.objects.create(bailleur=bailleur, nom="Maison", rang=1, texte="{{ tableau_des_droits }}")
        convention = Convention.objects.filter(bailleur=bailleur, reservataire=monde.mairie).get()
        Convention.objects.filter(pk=convention.pk).update(gabarit=gabarit)
        VersionProposee.objects.create(
            convention=convention,
            rang=1,
            proposee_le=date(2023, 4, 1),
            piece=_deposer(bailleur, f"version-{lettre}.pdf"),
        )
        Commentaire.objects.create(convention=convention, rang=1, organisme=monde.mairie, texte="Le délai est court.")
        ajoutee = Complement.objects.create(
            convention=convention,
            rang=1,
            nature="annexe",
            objet="Annexe 2",
            piece=_deposer(bailleur, f"annexe-{lettre}.pdf"),
        )
        signee = _deposer(bailleur, f"signee-{lettre}.pdf")
        Convention.objects.filter(pk=convention.pk).update(piece_signee=signee)
        # Lues avec leur convention, par l'adresse de celle-ci : `Piece.visibles_par` ne connaît que l'organisme et ses envois.
        lecteurs = ("mairie", "etat", "epci") if lettre == "a" else ("mairie", "epci")
        for lecteur in lecteurs:
            monde.toleres.setdefault((lecteur, Piece), set()).update({ajoutee.piece_id, signee.pk})
        concertation = Concertation.objects.create(
            bailleur=bailleur, departement_id="94", commune_id="94028", programme=f"Neuf {lettre}", logements=10,
            livraison_le=date(2026, 9, 1), reponse_avant_le=date(2026, 6, 1), ouverte_le=date(2026, 3, 1),
        )  # fmt: skip
        part = PartConcertation.objects.create(concertation=concertation, reservataire=monde.mairie)
        PartConcertation.objects.create(concertation=concertation, reservataire=monde.epci)
        PartConcertation.objects.create(concertation=concertation)
        manquement = Manquement.objects.create(
            prefet=monde.etat, saisi_par_organisme=monde.etat, bailleur=bailleur, departement_id="94", convention=convention,
            reservataire=monde.mairie,
            mise_en_demeure_le=date(2026, 1, 10), motif="Logements non proposés.",
        )  # fmt: skip
        ContactAutorite.objects.create(
            territoire_id=METROPOLE_EPT, tenu_par=bailleur, nom="Habitat", voie="portail", depuis=date(2026, 1, 1)
        )
        if lettre == "a":
            monde.gabarit_a, monde.concertation_a, monde.part_mairie = gabarit, concertation, part
            monde.manquement_a = manquement
    ContactAutorite.objects.create(
        territoire_id=METROPOLE_EPT, tenu_par=monde.etat, nom="Service habitat", voie="portail", depuis=date(2026, 1, 1)
    )
    monde.deposee = ConventionDeposee.objects.create(
        deposee_par_organisme=monde.etat, departement_id="94", bailleur_nom="Absent", bailleur_siren="123456789", reservataire=monde.caf,
        numero="P-1", taux=10, date_signature=date(2025, 1, 1), date_effet=date(2025, 1, 1), piece=_deposer(monde.etat, "papier.pdf"),
    )  # fmt: skip


def _ajouter_attributions(monde: Monde) -> None:
    monde.import_a = ImportDepose.objects.create(organisme=monde.bailleur_a)
    monde.export_a = ExportComplet.objects.create(
        bailleur=monde.bailleur_a, motif="essai", etat="pret", pret_le=timezone.now(), taille=3
    )
    MorceauExport.objects.create(export=monde.export_a, rang=0, octets=chiffrer_octets(b"zip"))
    monde.organisme_demande = DemandeOrganisme.objects.create(
        demandeur=monde.bailleur_a, nom="Ville de Vitry", type="commune", territoire_id="commune:94081"
    )
    DemandeOrganisme.objects.create(demandeur=monde.bailleur_b, nom="Mutuelle", type="organisme")
    logements = {
        nom: creer_logement(bailleur)
        for nom, bailleur in (("mairie", monde.bailleur_a), ("caf", monde.bailleur_a), ("autre", monde.bailleur_b))
    }
    creer_logement(monde.bailleur_a, "94081")
    ReservationStock.objects.create(
        logement=logements["autre"], reservataire=monde.caf, contrepartie=Contrepartie.LOGEMENTS_IDENTIFIES
    )
    monde.liberation_a = creer_liberation(logements["mairie"])
    liberation_caf = creer_liberation(logements["caf"])
    monde.liberation_b = creer_liberation(logements["autre"])
    monde.orientation_mairie = creer_orientation(
        monde.liberation_a, monde.mairie, date_mise_a_disposition=date(2025, 3, 2)
    )
    monde.orientation_caf = creer_orientation(liberation_caf, monde.caf, date_mise_a_disposition=date(2025, 3, 2))
    creer_orientation(monde.liberation_b, monde.mairie)
    # La mairie délègue à l'EPT ses droits chez le bailleur B (RG-26).
    deleguee = creer_liberation(creer_logement(monde.bailleur_b))
    orientation = creer_orientation(deleguee, monde.mairie, date_mise_a_disposition=date(2025, 3, 2))
    Candidat.objects.create(orientation=orientation, numero_demande="094032500000000003")
    Candidat.objects.create(orientation=monde.orientation_mairie, numero_demande="094032500000000001")
    Candidat.objects.create(orientation=monde.orientation_caf, numero_demande="094032500000000002")
    monde.seance_a = Seance.objects.create(bailleur=monde.bailleur_a, date=date(2025, 3, 20), lieu="Siège")
    monde.inscription_a = Inscription.objects.create(
        seance=monde.seance_a, orientation=monde.orientation_mairie, ordre=1
    )
    _convoquer(monde)
    monde.besoin = Besoin.objects.create(
        reservataire=monde.mairie,
        bailleur=monde.bailleur_a,
        typologie="T4",
        nb_menages=12,
        valable_jusqu_au=date(2099, 12, 31),
    )
    monde.occupation_a = Occupation.objects.create(
        bailleur=monde.bailleur_a, programme="Les Lilas", enquete_le=date(2024, 1, 1), menages=84
    )
    attente = monde.liberation_a_orienter = creer_liberation(creer_logement(monde.bailleur_a))
    Proposition.objects.create(
        liberation=attente, reservataire=monde.etat, sous_contingent="agents", phrase="L'État attend.", compte_initial="ETAT94/agents",
        revisee_le=DEPOSE, version_regles="1",
    )  # fmt: skip


def _ajouter_portefeuilles(monde: Monde) -> None:
    """Un secteur chez chaque bailleur ; l'agent de A est remplacé par son responsable."""
    for lettre in "ab":
        secteur = Secteur.objects.create(organisme=getattr(monde, f"bailleur_{lettre}"), nom="Nord")
        setattr(monde, f"secteur_{lettre}", secteur)
        Portefeuille.objects.create(
            rattachement=Rattachement.objects.get(utilisateur_id=monde.acteurs[f"bailleur_{lettre}"].utilisateur_id),
            secteur=secteur,
        )
    aujourd_hui = timezone.localdate()
    monde.absence_a = Absence.objects.create(
        rattachement=monde.rattachement_a,
        remplacant=Rattachement.objects.get(utilisateur_id=monde.acteurs["responsable_a"].utilisateur_id),
        du=aujourd_hui,
        au=aujourd_hui + timedelta(days=7),
    )


def _convoquer(monde: Monde) -> None:
    """Un membre de la commission de A : sa séance de demain lui est ouverte, celle de mars 2025 ne l'est plus."""
    monde.seance_ouverte = Seance.objects.create(
        bailleur=monde.bailleur_a, date=timezone.localdate() + timedelta(days=1), lieu="Siège"
    )
    examinee = creer_orientation(creer_liberation(creer_logement(monde.bailleur_a)))
    candidat = Candidat.objects.create(orientation=examinee, numero_demande="094032500000000004")
    Inscription.objects.create(seance=monde.seance_ouverte, orientation=examinee, ordre=1)
    rattachement = Rattachement.objects.get(utilisateur_id=monde.acteurs["caleol"].utilisateur_id)
    for seance in (monde.seance_a, monde.seance_ouverte):
        MembreSeance.objects.create(seance=seance, rattachement=rattachement, jours_apres=15)
    # Lus par leur séance seulement : aucun `visibles_par` ne les lui donne.
    monde.toleres |= {
        ("caleol", Orientation): {examinee.pk},
        ("caleol", Liberation): {examinee.liberation_id},
        ("caleol", Candidat): {candidat.pk},
        ("caleol", Logement): {examinee.liberation.logement_id},
        ("caleol", Rattachement): {rattachement.pk},
    }


def _ajouter_series(monde: Monde) -> None:
    """Une signature en nombre préparée, deux lignes, chez chaque bailleur."""
    for bailleur in (monde.bailleur_a, monde.bailleur_b):
        serie = Serie.objects.create(
            organisme=bailleur, genre="signature", cadre="94", cree_par_id=acteur_de(bailleur).utilisateur_id
        )
        for rang in (1, 2):
            ActeDeSerie.objects.create(serie=serie, rang=rang, cle=rang, libelle="Convention")
        if bailleur == monde.bailleur_a:
            monde.serie_a = serie


def _ajouter_bilans(monde: Monde) -> None:
    monde.campagne_a = Campagne.objects.create(bailleur=monde.bailleur_a, annee=2025)
    Campagne.objects.create(bailleur=monde.bailleur_b, annee=2025)
    for nom, bailleur in (("bilan_a", monde.bailleur_a), ("bilan_b", monde.bailleur_b)):
        pdf = _deposer(bailleur, f"{nom}.pdf")
        bilan = Bilan.objects.create(
            bailleur=bailleur,
            departement_id="94",
            annee=2025,
            etat="publie",
            publie_le=DEPOSE,
            empreinte="0" * 64,
            pdf=pdf,
        )
        setattr(monde, nom, bilan)
        Prevision.objects.create(
            bailleur=bailleur, departement_id="94", annee=2026, commune_id="94028", mises_en_location=10
        )
    Bilan.objects.create(bailleur=monde.bailleur_a, departement_id="94", annee=2024)
    Envoi.objects.create(
        genre="bilan", objet_type="bilans.bilan", objet_cle=str(monde.bilan_a.pk), emetteur_id=monde.bailleur_a.pk, departement_id="94",
        destinataire_id=monde.mairie.pk, destinataire_nom="Mairie", depose_le=DEPOSE, etat="envoye", annee=2025, piece=monde.bilan_a.pdf,
        objet="Bilan 2025",
    )  # fmt: skip


def _deposer(bailleur: Bailleur, nom: str) -> Piece:
    piece: Piece = Piece.objects.deposer(
        organisme_id=bailleur.pk, genre="essai", nom=nom, type_mime="application/pdf", octets=nom.encode()
    )
    return piece
