"""Les données de la démonstration : présentes une fois, cohérentes, à la date qu'on leur donne."""

from __future__ import annotations

import json
import re
from datetime import date
from fractions import Fraction
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import F

from attributions.models import Candidat, Liberation, Occupation, Orientation, Seance
from bilans.calcul import calculer_annee
from conventions.domaine.codes import EtatConvention
from conventions.models import Bailleur, Convention, Logement, Reservataire, ReservationStock, SituationLogement
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges.webhooks.actions import appels_dus, reprendre
from flux_reservations.echanges.webhooks.annonces import annoncer
from flux_reservations.echanges.webhooks.modeles import Abonnement
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.embarque.donnees_demo.generation import engendrer
from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.lieux import code_qpv
from flux_reservations.embarque.donnees_demo.organismes import BAILLEURS, RESERVATAIRES
from flux_reservations.embarque.donnees_demo.parcours import Cadre, Conteur, calendrier_des_seances

AUJOURD_HUI = date(2026, 11, 24)
LOGEMENTS = 12_800


def est_siren_de_luhn(siren: str) -> bool:
    """Vrai si la clé de Luhn est juste."""
    doubles = (int(chiffre) * (2 if rang % 2 else 1) for rang, chiffre in enumerate(siren))
    return sum(sum(divmod(double, 10)) for double in doubles) % 10 == 0


def test_une_meme_graine_tire_la_meme_suite() -> None:
    premiere, seconde = Hasard(94), Hasard(94)
    assert [premiere.entier(0, 99) for _ in range(20)] == [seconde.entier(0, 99) for _ in range(20)]


def test_les_sirens_des_bailleurs_ont_une_cle_de_luhn() -> None:
    assert all(est_siren_de_luhn(bailleur.siren) for bailleur in BAILLEURS)


def test_un_quartier_a_un_code_avant_et_apres_2024() -> None:
    assert (code_qpv(4, ancien=True), code_qpv(4, ancien=False)) == ("QP094004", "QN09404M")


def test_une_piece_est_un_pdf_d_une_page() -> None:
    octets = page_pdf(("Convention (essai)",))
    assert octets.startswith(b"%PDF-1.4")
    assert octets.rstrip().endswith(b"%%EOF")
    assert b"Convention \\(essai\\)" in octets


def test_rien_n_arrive_apres_la_date_du_jour() -> None:
    seances = calendrier_des_seances(date(2026, 1, 1), date(2027, 1, 15), 3, 1)
    conteur = Conteur(Hasard("coupure"))
    for jour in range(1, 25):
        cadre = Cadre("AL", "T3", "94028", date(2026, 11, 20), seances, AUJOURD_HUI)
        deroule = conteur.derouler(cadre, date(2026, 11, jour))
        dates = [valeur for valeur in deroule.champs.values() if isinstance(valeur, date)]
        dates += [valeur for candidat in deroule.candidats for valeur in candidat.values() if isinstance(valeur, date)]
        assert all(le <= AUJOURD_HUI for le in dates)


def test_un_jour_d_avant_la_demonstration_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="au plus tôt"):
        engendrer(date(2024, 5, 1))


@pytest.mark.django_db
def test_la_demonstration_est_complete_et_coherente() -> None:
    """Un seul essai pour tout : engendrer prend plusieurs secondes."""
    sortie = StringIO()
    call_command("engendrer_demo", "--aujourdhui", AUJOURD_HUI.isoformat(), "--format", "json", stdout=sortie)
    nombres = json.loads(sortie.getvalue())
    assert (nombres["deja_la"], nombres["logements"]) == (False, LOGEMENTS)
    _verifier_les_acteurs()
    _verifier_le_patrimoine()
    _verifier_le_travail_du_jour()
    _verifier_l_histoire()
    _verifier_les_comptes()
    _verifier_l_abonnement()
    call_command("verifier_donnees", stdout=StringIO())
    encore = StringIO()
    call_command("engendrer_demo", "--aujourdhui", AUJOURD_HUI.isoformat(), stdout=encore)
    assert "déjà là" in encore.getvalue()
    assert Logement.objects.count() == LOGEMENTS


def _verifier_les_acteurs() -> None:
    types = {"etat", "action_logement", "commune", "ept", "departement", "region", "organisme", "employeur"}
    types |= {"defense", "securite_interieure", "sante"}
    assert set(Reservataire.objects.values_list("type", flat=True)) >= types
    assert Reservataire.objects.count() == len(RESERVATAIRES)
    roles = {"gestionnaire", "responsable", "lecteur"}
    for bailleur in Bailleur.objects.all():
        assert (
            set(Rattachement.objects.filter(organisme=bailleur.pk).values_list("role", flat=True)) - {"membre"} == roles
        )
    assert set(Convention.objects.values_list("etat", flat=True)) == set(EtatConvention)
    assert Convention.objects.filter(avenant_de__isnull=False).exists()
    assert Convention.objects.signees().filter(date_fin__lt=AUJOURD_HUI).exists()


def _verifier_le_patrimoine() -> None:
    situations = SituationLogement.objects.filter(periode__contains=AUJOURD_HUI)
    assert situations.count() == LOGEMENTS
    residences = set(Logement.objects.exclude(programme="").values_list("bailleur", "programme", "commune"))
    enquetees = Occupation.objects.filter(enquete_le=date(2026, 1, 1)).values_list("bailleur", "programme", "commune")
    assert set(enquetees) == residences
    assert Fraction(20, 100) < Fraction(situations.exclude(qpv="").count(), LOGEMENTS) < Fraction(50, 100)
    assert Fraction(1, 100) < Fraction(situations.exclude(hors_champ="").count(), LOGEMENTS) < Fraction(8, 100)
    assert ReservationStock.objects.actives(AUJOURD_HUI).filter(reservataire__code="IMPRIMEURS").exists()


def _verifier_le_travail_du_jour() -> None:
    attente = Liberation.objects.actives().filter(
        date_bail__isnull=True,
        exclusion="",
        nature="relocation",
        orientations__isnull=True,
        date_disponibilite__year=AUJOURD_HUI.year,
    )
    assert 20 <= attente.count() <= 80
    assert attente.filter(date_disponibilite__lt=AUJOURD_HUI).exists()
    en_cours = Orientation.objects.en_cours()
    assert en_cours.filter(date_mise_a_disposition__isnull=False, date_proposition__isnull=True).count() >= 10
    assert en_cours.filter(inscriptions__seance__etat="prevue").exists()
    assert en_cours.filter(candidats__reponse="accepte").exists()
    assert Seance.objects.filter(date__gte=AUJOURD_HUI, etat="prevue").exists()


def _verifier_l_histoire() -> None:
    louees = Liberation.objects.filter(date_bail__isnull=False)
    assert not louees.filter(date_bail__lt=F("date_disponibilite")).exists()
    assert not louees.filter(date_bail__gt=AUJOURD_HUI).exists()
    assert not Orientation.objects.filter(date_mise_a_disposition__lt=F("date_orientation")).exists()
    assert not Orientation.objects.filter(date_proposition__lt=F("date_mise_a_disposition")).exists()
    assert not Orientation.objects.filter(date_caleol__lte=F("date_proposition")).exists()
    assert not Orientation.objects.filter(issue="bail", liberation__date_bail__lt=F("date_caleol")).exists()
    numeros = Candidat.objects.values_list("numero_demande", flat=True)
    assert all(re.fullmatch(r"[0-9A-Z]{18}", numero) for numero in numeros)
    assert Orientation.objects.filter(issue="rendu").exists()
    assert Orientation.objects.filter(issue="carence").exists()


def _verifier_les_comptes() -> None:
    """Année finie : une rotation d'environ 8 %, l'État sous 30 %, des écarts de quelques logements."""
    bailleur = Bailleur.objects.get(siren=BAILLEURS[0].siren)
    calcul = calculer_annee(bailleur, "94", AUJOURD_HUI.year - 1)
    assert 800 <= calcul.flux.assiette.mises_en_location <= 1050
    part_de_l_etat = Fraction(calcul.flux.etat.decompte, calcul.flux.assiette.flux)
    assert Fraction(27, 100) <= part_de_l_etat <= Fraction(30, 100)
    assert all(abs(compte.solde) <= 12 for compte in calcul.flux.comptes)
    assert any(controle.regle == "RG-14" and "Garanties" in controle.message for controle in calcul.controles)
    assert not any(controle.niveau == "bloquant" for controle in calcul.controles)


def _verifier_l_abonnement() -> None:
    """Il a vécu, il est suspendu, et rien n'en part : même repris, son adresse est refusée par les gardes ordinaires."""
    (abonnement,) = Abonnement.objects.all()
    assert set(abonnement.appels.values_list("etat", flat=True)) == {"livre", "abandonne"}
    assert set(abonnement.appels.values_list("evenement", flat=True)) == {"verification", *abonnement.evenements}
    assert abonnement.desactive_le is not None
    annoncer()
    assert appels_dus() == []
    responsable = Rattachement.objects.select_related("organisme", "utilisateur").get(
        organisme=abonnement.organisme_id, utilisateur=abonnement.cree_par_id
    )
    with pytest.raises(ErreurMetier):
        reprendre(acteur=responsable.acteur(), abonnement_id=abonnement.pk)
