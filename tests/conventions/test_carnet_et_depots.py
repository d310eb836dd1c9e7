"""Le carnet des autorités et les dépôts de l'État : qui tient, qui voit, ce qui part (RG-17, RG-18, RG-60)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conventions.actions.carnet import ContactSaisi, inscrire_contact
from conventions.actions.depots import ConventionPapier, deposer_convention, retirer_convention_deposee
from conventions.actions.pieces import Fichier
from conventions.actions.transmission import transmettre_convention
from conventions.chargement_autorites import charger_autorites
from conventions.domaine.codes import VoieDeRemise
from conventions.models import Bailleur, ContactAutorite, ConventionDeposee, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.notifications.models import VoieEnvoi
from flux_reservations.pieces.models import Piece
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_logement,
    creer_reservataire,
    siren_valide,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-17")]
EPT = "ept:200058006"
JOUR = timezone.localdate()


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    return bailleur


@pytest.fixture
def plateforme() -> Acteur:
    organisme = Organisme.objects.create(nature="plateforme", nom="Administration")
    return acteur_de(organisme, Role.ADMINISTRATEUR)


def contact(nom: str, depuis: date = JOUR, **champs: object) -> ContactSaisi:
    return ContactSaisi(nom, VoieDeRemise.COURRIEL, depuis, courriel=f"{nom.lower()}@essai.example", **champs)  # type: ignore[arg-type]


def courriel_de_l_ept(bailleur: Bailleur) -> str:
    return next(un.courriel for un in charger_autorites(bailleur.pk, "94") if un.territoire == EPT)


def test_son_propre_contact_passe_devant_celui_de_l_etat_puis_de_la_plateforme(
    bailleur: Bailleur, plateforme: Acteur
) -> None:
    assert courriel_de_l_ept(bailleur) == ""
    inscrire_contact(acteur=plateforme, territoire_id=EPT, saisi=contact("Plateforme"))
    assert courriel_de_l_ept(bailleur) == "plateforme@essai.example"
    inscrire_contact(acteur=acteur_de(creer_etat()), territoire_id=EPT, saisi=contact("Etat"))
    assert courriel_de_l_ept(bailleur) == "etat@essai.example"
    inscrire_contact(acteur=acteur_de(bailleur), territoire_id=EPT, saisi=contact("Maison"))
    assert courriel_de_l_ept(bailleur) == "maison@essai.example"
    assert courriel_de_l_ept(_voisin()) == "etat@essai.example"


def _voisin() -> Bailleur:
    voisin = creer_bailleur("Voisin")
    creer_logement(voisin)
    return voisin


def test_un_nouveau_contact_ferme_le_precedent_la_veille(bailleur: Bailleur) -> None:
    agent = acteur_de(bailleur)
    inscrire_contact(acteur=agent, territoire_id=EPT, saisi=contact("Ancien", JOUR - timedelta(days=30)))
    inscrire_contact(acteur=agent, territoire_id=EPT, saisi=contact("Nouveau"))
    ancien = ContactAutorite.objects.get(nom="Ancien")
    assert ancien.jusqu_au == JOUR - timedelta(days=1)
    assert courriel_de_l_ept(bailleur) == "nouveau@essai.example"
    with pytest.raises(ErreurMetier) as refus:
        inscrire_contact(acteur=agent, territoire_id=EPT, saisi=contact("Passé", JOUR - timedelta(days=10)))
    assert refus.value.code == "contact_recouvert"


def test_une_voie_recommandee_attend_sa_remise_et_le_dit(bailleur: Bailleur) -> None:
    etat = creer_etat()
    Organisme.objects.filter(pk=etat.pk).update(courriel="etat@essai.example")
    saisi = ContactSaisi("Préfecture", VoieDeRemise.RECOMMANDE, JOUR, adresse="21 avenue du Général-de-Gaulle")
    inscrire_contact(acteur=acteur_de(etat), territoire_id="departement:94", saisi=saisi)
    convention = creer_convention(bailleur, creer_reservataire("MSA"))
    envois = transmettre_convention(acteur=acteur_de(bailleur, Role.RESPONSABLE), convention_id=convention.pk)
    assert [(un.voie, un.courriel) for un in envois if un.destinataire_id == etat.pk] == [(VoieEnvoi.RECOMMANDE, "")]


@pytest.mark.regle("RG-60")
def test_un_epci_concerne_par_la_reforme_se_lit_au_carnet(bailleur: Bailleur, plateforme: Acteur) -> None:
    inscrire_contact(acteur=plateforme, territoire_id=EPT, saisi=contact("Habitat", concerne_par_la_reforme=True))
    concernes = {un.territoire for un in charger_autorites(bailleur.pk, "94") if un.concerne_par_la_reforme}
    assert concernes == {EPT}


def test_chacun_tient_ce_qui_est_a_lui(bailleur: Bailleur) -> None:
    etat_voisin = acteur_de(creer_etat("ETAT93", "departement:93"))
    with pytest.raises(AccesRefuse):
        inscrire_contact(acteur=etat_voisin, territoire_id="departement:94", saisi=contact("Loin"))
    with pytest.raises(AccesRefuse):
        inscrire_contact(acteur=acteur_de(creer_reservataire()), territoire_id=EPT, saisi=contact("Non"))
    with pytest.raises(AccesRefuse):
        inscrire_contact(acteur=acteur_de(bailleur, Role.LECTEUR), territoire_id=EPT, saisi=contact("Non"))
    with pytest.raises(Introuvable):
        inscrire_contact(acteur=acteur_de(bailleur), territoire_id="commune:94028", saisi=contact("Maire"))
    with pytest.raises(ErreurMetier) as refus:
        inscrire_contact(
            acteur=acteur_de(bailleur), territoire_id=EPT, saisi=ContactSaisi("Sans", VoieDeRemise.COURRIEL, JOUR)
        )
    assert refus.value.code == "courriel_obligatoire"
    assert not ContactAutorite.objects.exists()


def papier(reservataire: Reservataire, **champs: object) -> ConventionPapier:
    valeurs: dict[str, object] = {
        "bailleur_nom": "Foyer absent",
        "bailleur_siren": siren_valide(999_991),
        "reservataire": reservataire,
        "numero": "P-1",
        "taux": Decimal("12.50"),
        "gestion": "directe",
        "date_signature": date(2024, 1, 5),
        "date_effet": date(2024, 2, 1),
        "date_fin": None,
        "fichier": Fichier("p1.pdf", page_pdf(("P-1",))),
    }
    return ConventionPapier(**(valeurs | champs))  # type: ignore[arg-type]


def test_l_etat_depose_la_convention_d_un_bailleur_absent() -> None:
    etat, caf = acteur_de(creer_etat()), creer_reservataire("CAF94")
    deposee = deposer_convention(acteur=etat, saisie=papier(caf))
    assert deposee.departement_id == "94"
    assert list(ConventionDeposee.objects.visibles_par(acteur_de(caf))) == [deposee]
    assert not ConventionDeposee.objects.visibles_par(acteur_de(creer_etat("ETAT93", "departement:93"))).exists()
    with pytest.raises(ErreurMetier) as refus:
        deposer_convention(acteur=etat, saisie=papier(caf))
    assert refus.value.code == "deja_deposee"
    retirer_convention_deposee(acteur=etat, deposee_id=deposee.pk, motif="Doublon.")
    assert not ConventionDeposee.objects.exists()
    assert Piece.objects.exists()


@pytest.mark.parametrize(
    ("champs", "code"),
    [
        ({"date_fin": date(2023, 1, 1)}, "dates_inversees"),
        ({"fichier": Fichier("p.pdf", b"%PDF-1.7 non")}, "piece_tronquee"),
    ],
)
def test_un_depot_fautif_n_ecrit_rien(champs: dict[str, object], code: str) -> None:
    with pytest.raises(ErreurMetier) as refus:
        deposer_convention(acteur=acteur_de(creer_etat()), saisie=papier(creer_reservataire(), **champs))
    assert refus.value.code == code
    assert not Piece.objects.exists()


def test_un_bailleur_present_transmet_lui_meme(bailleur: Bailleur) -> None:
    with pytest.raises(ErreurMetier) as refus:
        deposer_convention(
            acteur=acteur_de(creer_etat()), saisie=papier(creer_reservataire(), bailleur_siren=bailleur.siren)
        )
    assert refus.value.code == "bailleur_present"
    with pytest.raises(AccesRefuse):
        deposer_convention(acteur=acteur_de(bailleur), saisie=papier(creer_reservataire()))
