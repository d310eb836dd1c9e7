"""Un emprunt garanti remboursé : le garant informé, ses droits prorogés cinq ans puis éteints, partout de la même façon (RG-23)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from attributions.chargement.moteur import charger_annee_du_moteur
from bilans.calcul import calculer_annee
from bilans.domaine.flux import calculer_flux
from bilans.recoupement import verifier_annee
from conventions.actions.brouillons import preparer_avenant
from conventions.actions.garanties import declarer_remboursement
from conventions.chargement_garanties import charger_garanties
from conventions.domaine.codes import Contrepartie
from conventions.domaine.egalite import fin_d_un_droit
from conventions.domaine.plafonds import controler_plafonds
from conventions.models import Convention, Droit
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.droit.conversion import PROROGATION_DES_GARANTIES
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)
from tests.faits import AL, COMA, A, faits, liberation, ligne, version

pytestmark = pytest.mark.regle("RG-23")


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_la_prorogation_dure_cinq_ans_de_quantieme_a_quantieme(versement: date) -> None:
    fin = fin_d_un_droit(Contrepartie.GARANTIE_EMPRUNT, versement)
    assert fin is not None
    assert fin.year == versement.year + PROROGATION_DES_GARANTIES.valeur(versement)
    # Le 29 février n'a pas de quantième cinq ans après : le dernier jour du mois.
    assert (fin.month, fin.day) == (
        (2, 28) if (versement.month, versement.day) == (2, 29) else (versement.month, versement.day)
    )
    assert fin_d_un_droit(Contrepartie.APPORT_TERRAIN, versement) is None


def test_une_ligne_eteinte_ne_court_plus_le_lendemain() -> None:
    # 20 % ; éteinte après le 30 juin 2025. Deux baux, l'un le dernier jour, l'autre le lendemain : un seul ajoute ses 20 %.
    eteinte = version(COMA, ligne("20", contrepartie=Contrepartie.GARANTIE_EMPRUNT, fin=date(2025, 6, 30)))
    flux = calculer_flux(faits([eteinte], [liberation(A, date(2025, 6, 30)), liberation(A, date(2025, 7, 1))]))
    (compte,) = flux.comptes
    assert compte.droit_theorique == Fraction(1, 5)
    assert (compte.lignes[0].nombre, compte.lignes[0].fin) == (1, date(2025, 6, 30))


def test_un_droit_eteint_avant_l_annee_laisse_le_compte_ouvert_et_sans_droit() -> None:
    eteinte = version(COMA, ligne("20", contrepartie=Contrepartie.GARANTIE_EMPRUNT, fin=date(2024, 12, 31)))
    (compte,) = calculer_flux(faits([eteinte], [liberation(A, date(2025, 1, 1))])).comptes
    assert (compte.droit_theorique, compte.droit, compte.lignes) == (0, 0, ())


def test_un_droit_eteint_sort_des_plafonds_le_lendemain() -> None:
    # 90 + 20 = 110 % jusqu'au 30 juin, 90 % ensuite.
    versions = [
        version(AL, ligne("90")),
        version(COMA, ligne("20", contrepartie=Contrepartie.GARANTIE_EMPRUNT, fin=date(2025, 6, 30))),
    ]
    (somme,) = [
        un for un in controler_plafonds(versions, date(2025, 1, 1), date(2025, 12, 31)) if "Somme" in un.message
    ]
    assert "du 01/01/2025 au 30/06/2025" in somme.message
    assert controler_plafonds(versions, date(2025, 7, 1), date(2025, 12, 31)) == []


@pytest.fixture
def convention() -> Convention:
    """Une commune garante à 20 %, et deux baux : le 15 juin et le 15 juillet 2025."""
    bailleur, commune = (
        creer_bailleur(),
        creer_reservataire("COMA", "commune", "commune:94028", courriel="mairie@commune.example"),
    )
    convention = creer_convention(
        bailleur, commune, [("20", "", "commune:94028")], numero="C1", contrepartie=Contrepartie.GARANTIE_EMPRUNT
    )
    for mois in (6, 7):
        creer_liberation(creer_logement(bailleur), date(2025, 1, 10), date_bail=date(2025, mois, 15))
    return convention


@pytest.mark.django_db
def test_le_remboursement_informe_le_garant_et_borne_ses_droits_partout(convention: Convention) -> None:
    acteur = acteur_de(convention.bailleur, Role.RESPONSABLE)
    garantie = declarer_remboursement(
        acteur=acteur, droit_id=convention.droits.get().pk, dernier_versement=date(2020, 6, 30)
    )
    assert garantie.echeance == date(2025, 6, 30)
    envoi = Envoi.objects.get(genre=GenreEnvoi.GARANTIE_ETEINTE)
    assert (envoi.destinataire_id, envoi.departement_id) == (convention.reservataire_id, "94")
    assert "30 juin 2025" in envoi.corps.replace("\xa0", " ")
    # Deux baux dans l'année, un seul avant l'extinction : 0,2.
    assert calculer_annee(convention.bailleur, "94", 2025).flux.comptes[0].droit_theorique == Fraction(1, 5)
    assert verifier_annee(convention.bailleur, "94", 2025) == []
    (partie,) = charger_annee_du_moteur(convention.bailleur, "94", 2025).faits.parties
    assert partie.lignes[0].fin == date(2025, 6, 30)
    (lue,) = charger_garanties(acteur, "94")
    assert lue.informe_le is not None
    with pytest.raises(Conflit):
        declarer_remboursement(acteur=acteur, droit_id=lue.droit, dernier_versement=date(2020, 6, 30))


@pytest.mark.django_db
def test_la_garantie_reprise_par_un_avenant_reste_informee(convention: Convention) -> None:
    acteur = acteur_de(convention.bailleur, Role.RESPONSABLE)
    versement = date(2024, 2, 29)
    declarer_remboursement(acteur=acteur, droit_id=convention.droits.get().pk, dernier_versement=versement)
    Convention.objects.filter(pk=convention.pk).update(remplacee_le=date(2026, 1, 1))
    avenant = creer_convention(
        convention.bailleur, convention.reservataire, [("18", "", "commune:94028")], numero="C1-A1", effet=date(2026, 1, 1),
        origine=convention, avenant_de=convention, contrepartie=Contrepartie.GARANTIE_EMPRUNT,
    )  # fmt: skip
    Droit.objects.filter(convention=avenant).update(dernier_versement=versement)
    assert all(une.informe_le is not None for une in charger_garanties(acteur, "94"))


@pytest.mark.django_db
def test_un_avenant_deja_prepare_ne_fait_pas_renaitre_le_droit(convention: Convention) -> None:
    acteur = acteur_de(convention.bailleur, Role.RESPONSABLE)
    avenant = preparer_avenant(acteur=acteur, convention_id=convention.pk)
    versement = date(2020, 6, 30)
    declarer_remboursement(acteur=acteur, droit_id=convention.droits.get().pk, dernier_versement=versement)
    assert [droit.dernier_versement for droit in avenant.droits.all()] == [versement]


@pytest.mark.django_db
def test_un_remboursement_a_venir_ou_sans_garantie_est_refuse(convention: Convention) -> None:
    acteur = acteur_de(convention.bailleur, Role.RESPONSABLE)
    droit = convention.droits.get()
    with pytest.raises(ErreurMetier, match="date passée"):
        declarer_remboursement(acteur=acteur, droit_id=droit.pk, dernier_versement=date(2999, 1, 1))
    with pytest.raises(AccesRefuse):
        declarer_remboursement(
            acteur=acteur_de(convention.bailleur), droit_id=droit.pk, dernier_versement=date(2020, 6, 30)
        )
    with pytest.raises(Introuvable):
        declarer_remboursement(
            acteur=acteur_de(creer_bailleur("Autre"), Role.RESPONSABLE), droit_id=droit.pk, dernier_versement=date(2020, 6, 30)
        )  # fmt: skip
    Droit.objects.update(contrepartie=Contrepartie.FINANCEMENT)
    with pytest.raises(ErreurMetier, match="garantie"):
        declarer_remboursement(acteur=acteur, droit_id=droit.pk, dernier_versement=date(2020, 6, 30))


@pytest.mark.django_db
def test_l_ecran_des_garanties_dit_l_echeance_et_qui_reste_a_informer(convention: Convention) -> None:
    client = Client()
    client.force_login(
        creer_utilisateur(convention.bailleur, Role.RESPONSABLE), backend="django.contrib.auth.backends.ModelBackend"
    )
    Droit.objects.update(dernier_versement=date(2020, 6, 30))
    analyse = client.get("/flux/garanties/").context["analyse"]
    assert analyse.avis == [
        ("attention", f"{convention.reservataire.nom} (C1) : l'emprunt est remboursé, le garant n'en est pas informé.")
    ]
    assert [str(case) for case in analyse.tableaux[0].lignes[0]][4:] == ["30/06/2020", "30/06/2025", "—", "éteint"]
    droit = convention.droits.get().pk
    reponse = client.post(
        f"/conventions/droits/{droit}/remboursement/", {"dernier_versement": "2020-06-30"}, follow=True
    )
    assert reponse.context["analyse"].avis == []
    assert Envoi.objects.filter(genre=GenreEnvoi.GARANTIE_ETEINTE).count() == 1
