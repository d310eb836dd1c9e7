"""Ce qui entoure les conventions : carnet, gabarit, fil de commentaires, programmes neufs, mises en demeure, dépôts de l'État."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count
from django.utils import timezone

from attributions.domaine.codes import NatureLiberation
from attributions.models import Liberation, Orientation
from conventions.actions.carnet import ContactSaisi, inscrire_contact
from conventions.actions.depots import ConventionPapier, deposer_convention
from conventions.actions.gabarits import ecrire_gabarit
from conventions.actions.manquements import Grief, donner_suite, mettre_en_demeure
from conventions.actions.pieces import Fichier
from conventions.domaine.codes import EtatConcertation, EtatConvention, Gestion, SuiteManquement, VoieDeRemise
from conventions.domaine.gabarit_type import TEXTE
from conventions.models import (
    Bailleur,
    Commentaire,
    Concertation,
    Convention,
    Gabarit,
    PartConcertation,
    Reservataire,
    VersionProposee,
)
from flux_reservations.acces.models import Organisme, Rattachement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.embarque.donnees_demo.organismes import NOM_PLATEFORME, siren_fictif
from flux_reservations.pieces.models import Piece

_CLAUSE: Final = """\
## Article 9. Suivi

Les parties se réunissent au moins deux fois par an. Le bailleur présente à cette occasion l'état des droits, du décompte et du solde.

## Signatures"""
_ETABLISSEMENTS: Final = (
    ("ept:200057941", "Direction de l'habitat", "habitat@parisestmarnebois.example", VoieDeRemise.PORTAIL, True),
    ("ept:200058006", "Direction de l'habitat et du logement", "habitat@gpsea.example", VoieDeRemise.PORTAIL, True),
    ("ept:200058014", "Service de l'habitat privé et social", "", VoieDeRemise.RECOMMANDE, False),
)
_FIL: Final = (
    (
        "REGION-IDF",
        20,
        "Le délai de trente jours est court pour nos commissions, qui se tiennent chaque mois : quarante-cinq jours seraient préférables.",
    ),
    ("", 17, "Trente jours valent pour toutes les conventions du département (égalité de traitement). Nous vous aviserons dès le congé."),
    ("REGION-IDF", 3, "Entendu pour trente jours avec cet avis anticipé. Pouvez-vous préciser le report en fin de convention ?"),
)  # fmt: skip


def ecrire_dialogues(bailleurs: dict[str, Bailleur], reservataires: dict[str, Reservataire], aujourd_hui: date) -> None:
    """Écrit tout, aux dates où cela se serait passé."""
    grand, petit = bailleurs["RB"], bailleurs["TM"]
    etat = _acteur(reservataires["ETAT94"].pk)
    _tenir_le_carnet(etat, aujourd_hui)
    _ecrire_le_gabarit(grand)
    _commenter(grand, reservataires, aujourd_hui)
    _concerter(grand, reservataires, aujourd_hui)
    _mettre_en_demeure(etat, grand, petit, reservataires, aujourd_hui)
    _deposer(etat, reservataires)


def _acteur(organisme_id: int) -> Acteur:
    rattachement = Rattachement.objects.filter(organisme=organisme_id).exclude(role="lecteur").order_by("pk").first()
    assert rattachement is not None  # noqa: S101 : chaque organisme de la démonstration a ses comptes
    return rattachement.acteur()


def _tenir_le_carnet(etat: Acteur, aujourd_hui: date) -> None:
    """L'État tient le carnet de son département ; la plateforme en avait une première version."""
    plateforme = _acteur(Organisme.objects.get(nom=NOM_PLATEFORME).pk)
    for code, nom, courriel, voie, reforme in _ETABLISSEMENTS:
        saisi = ContactSaisi(
            nom, voie, date(aujourd_hui.year - 2, 1, 1), courriel=courriel, concerne_par_la_reforme=reforme
        )
        inscrire_contact(acteur=plateforme, territoire_id=code, saisi=saisi)
    inscrire_contact(
        acteur=etat,
        territoire_id="departement:94",
        saisi=ContactSaisi(
            "DRIHL, service de l'accès au logement",
            VoieDeRemise.PORTAIL,
            date(aujourd_hui.year, 1, 1),
            courriel="conventions@etat94.example",
        ),
    )


def _ecrire_le_gabarit(bailleur: Bailleur) -> None:
    agent = _acteur(bailleur.pk)
    texte = TEXTE.replace(
        "# Convention de réservation en flux", f"# {bailleur.nom} : convention de réservation en flux"
    )
    for version in (texte, texte.replace("## Signatures", _CLAUSE)):
        ecrire_gabarit(acteur=agent, bailleur_id=bailleur.pk, nom="Modèle de la maison", texte=version)


def _commenter(bailleur: Bailleur, reservataires: dict[str, Reservataire], aujourd_hui: date) -> None:
    """La convention proposée à la Région : sa version, figée, et le fil."""
    convention = Convention.objects.filter(bailleur=bailleur, etat=EtatConvention.PROPOSEE).order_by("pk").first()
    if convention is None or convention.date_proposition is None:
        return
    piece = Piece.objects.deposer(
        organisme_id=bailleur.pk,
        genre="convention_proposee",
        nom=f"convention-{convention.numero}-version-1.pdf",
        type_mime="application/pdf",
        octets=page_pdf((f"Convention {convention.numero}", "Version 1, proposée", convention.reservataire.nom)),
    )
    convention.gabarit = Gabarit.objects.filter(bailleur=bailleur).order_by("-rang").first()
    convention.save(update_fields=["gabarit"])
    VersionProposee.objects.create(convention=convention, rang=1, proposee_le=convention.date_proposition, piece=piece)
    for code, jours, texte in _FIL:
        auteur = reservataires[code].pk if code else bailleur.pk
        commentaire = Commentaire.objects.create(convention=convention, rang=1, organisme_id=auteur, texte=texte)
        instant = timezone.make_aware(datetime.combine(aujourd_hui - timedelta(days=jours), time(11, 20)))
        Commentaire.objects.filter(pk=commentaire.pk).update(ecrit_le=instant)


def _concerter(bailleur: Bailleur, reservataires: dict[str, Reservataire], aujourd_hui: date) -> None:
    """Les programmes déjà livrés ont leur répartition ; un troisième est en concertation."""
    livres = (
        Liberation.objects.filter(bailleur=bailleur, nature=NatureLiberation.PREMIERE_LOCATION)
        .order_by()
        .values_list("logement__programme", "logement__commune_id", "date_disponibilite")
        .annotate(nombre=Count("pk"))
        .order_by("date_disponibilite")
    )
    for programme, commune, livraison, nombre in livres:
        entre = livraison < aujourd_hui - timedelta(days=200)
        concertation = Concertation.objects.create(
            bailleur=bailleur, departement_id="94", commune_id=commune, programme=programme, logements=nombre, livraison_le=livraison,
            reunion_le=livraison - timedelta(days=75), reponse_avant_le=livraison - timedelta(days=60),
            ouverte_le=livraison - timedelta(days=110), arretee_le=livraison - timedelta(days=50),
            etat=EtatConcertation.DANS_LE_FLUX if entre else EtatConcertation.ARRETEE,
            dans_le_flux_le=livraison + timedelta(days=120) if entre else None,
            compte_rendu=(
                "Réunion en mairie avec les réservataires du programme. L'État garde trente pour cent, dont cinq aux agents ; "
                "Action Logement et la commune se partagent le reste avec le bailleur, au prorata de leurs apports."
            ),
        )  # fmt: skip
        _repartir(concertation)
    ouverte = Concertation.objects.create(
        bailleur=bailleur, departement_id="94", commune_id="94028", programme="Les Terrasses de l'Échat", logements=54,
        livraison_le=aujourd_hui + timedelta(days=160), reunion_le=aujourd_hui + timedelta(days=24),
        reponse_avant_le=aujourd_hui + timedelta(days=18), ouverte_le=aujourd_hui - timedelta(days=9),
    )  # fmt: skip
    instant = timezone.make_aware(datetime.combine(aujourd_hui - timedelta(days=2), time(9, 40)))
    for code, contingent, demandes, souhait in (
        ("ETAT94", "prioritaires", 14, "Des T1 et T2 accessibles."),
        ("ETAT94", "agents", None, ""),
        ("AL", "", 16, "Des T3 et T4, pour des familles."),
        ("CRETEIL", "", None, ""),
        ("EPT11", "", None, ""),
    ):
        PartConcertation.objects.create(
            concertation=ouverte, reservataire=reservataires[code], sous_contingent=contingent, demandes=demandes, souhait=souhait,
            repondue_le=instant if demandes is not None else None,
        )  # fmt: skip
    PartConcertation.objects.create(concertation=ouverte)


def _repartir(concertation: Concertation) -> None:
    """La répartition telle que les premières locations l'ont suivie ; chacun avait demandé un logement de plus."""
    orientes = (
        Orientation.objects.filter(
            liberation__bailleur=concertation.bailleur,
            liberation__nature=NatureLiberation.PREMIERE_LOCATION,
            liberation__logement__programme=concertation.programme,
            rang=1,
        )
        .order_by()
        .values_list("reservataire_id", "sous_contingent")
        .annotate(nombre=Count("pk"))
        .order_by("-reservataire__type", "-nombre")
    )
    instant = timezone.make_aware(datetime.combine(concertation.reponse_avant_le, time(15)))
    PartConcertation.objects.bulk_create(
        [
            PartConcertation(
                concertation=concertation,
                reservataire_id=reservataire,
                sous_contingent=contingent,
                demandes=nombre + 1 if reservataire else None,
                repondue_le=instant if reservataire else None,
                arretes=nombre,
            )
            for reservataire, contingent, nombre in orientes
        ]
    )


def _mettre_en_demeure(
    etat: Acteur, grand: Bailleur, petit: Bailleur, reservataires: dict[str, Reservataire], aujourd_hui: date
) -> None:
    """L'une régularisée l'an passé ; l'autre court encore, pour une convention jamais transmise."""
    ancienne = date(aujourd_hui.year - 1, 3, 3)
    premiere = mettre_en_demeure(
        acteur=etat,
        departement_id="94",
        grief=Grief(
            petit,
            "Le bilan et l'information de début d'année n'ont pas été transmis dans les délais.",
            ancienne,
            reference="DRIHL94-118",
        ),
    )
    donner_suite(
        acteur=etat,
        manquement_id=premiere.pk,
        suite=SuiteManquement.REGULARISE,
        le=ancienne + timedelta(days=30),
        motif="Bilan reçu et conforme.",
    )
    convention = Convention.objects.filter(bailleur=grand, reservataire=reservataires["MUTUELLE"]).first()
    mettre_en_demeure(
        acteur=etat,
        departement_id="94",
        grief=Grief(
            grand,
            "La convention signée avec la mutuelle n'a pas été transmise au préfet.",
            aujourd_hui - timedelta(days=36),
            reference="DRIHL94-204",
            reservataire=reservataires["MUTUELLE"],
            convention=convention,
        ),
    )


def _deposer(etat: Acteur, reservataires: dict[str, Reservataire]) -> None:
    """Un bailleur absent de la plateforme a transmis deux conventions sur papier."""
    nom, siren = "Foyer du Plessis", siren_fictif("00094110")
    for code, taux in (("AL", "18.00"), ("CHAMPIGNY", "8.50")):
        deposer_convention(
            acteur=etat,
            saisie=ConventionPapier(
                nom, siren, reservataires[code], f"FP-{code}", Decimal(taux), Gestion.DIRECTE, date(2023, 6, 12), date(2023, 7, 1),
                date(2028, 6, 30), Fichier(f"FP-{code}.pdf", page_pdf((f"Convention FP-{code}", nom, reservataires[code].nom))),
            ),
        )  # fmt: skip
