"""Tout un département : brouillons pour tous, version figée, commentaires, transmission, tableau de bord (RG-16, RG-17, RG-25)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from conventions.actions import cycle, departement
from conventions.actions.brouillons import creer_brouillon, modifier_modalites
from conventions.actions.commentaires import commenter
from conventions.actions.gabarits import ecrire_gabarit
from conventions.actions.transmission import transmettre_convention
from conventions.chargement_tableau import charger_tableau
from conventions.chargement_texte import charger_texte
from conventions.domaine.codes import Contrepartie, EtatConvention, TypeReservataire
from conventions.models import Bailleur, Commentaire, Convention, ReservationStock, VersionProposee
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle import rls
from tests.fabriques import (
    CRETEIL,
    VITRY,
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_logement,
    creer_reservataire,
)

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db
DEMAIN = timezone.localdate() + timedelta(days=1)


@pytest.fixture
def bailleur() -> Bailleur:
    """Dix logements à Créteil, dont deux réservés par la CAF et un par la défense."""
    bailleur = creer_bailleur()
    logements = [creer_logement(bailleur) for _ in range(10)]
    caf = creer_reservataire("CAF94", courriel="caf@essai.example")
    armees = creer_reservataire("ARMEES", TypeReservataire.DEFENSE)
    for logement, reservataire in ((logements[0], caf), (logements[1], caf), (logements[2], armees)):
        ReservationStock.objects.create(
            logement=logement, reservataire=reservataire, contrepartie=Contrepartie.LOGEMENTS_IDENTIFIES
        )
    creer_etat()
    return bailleur


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


def preparer(acteur: Acteur, bailleur: Bailleur, **options: object) -> list[Convention]:
    return departement.preparer_pour_tous(
        acteur=acteur,
        bailleur_id=bailleur.pk,
        departement_id="94",
        effet=DEMAIN,
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.regle("RG-35")
@pytest.mark.regle("RG-25")
def test_chacun_recoit_un_brouillon_prerempli_de_son_stock_aux_memes_dates(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    brouillons = preparer(responsable, bailleur)
    assert [un.reservataire.code for un in brouillons] == ["ETAT94", "CAF94"]
    assert {un.date_effet for un in Convention.objects.all()} == {DEMAIN}
    # Deux droits de suite sur neuf logements hors stock maintenu.
    assert [droit.taux for droit in brouillons[1].droits.all()] == [Decimal("22.22")]
    assert sorted(droit.taux for droit in brouillons[0].droits.all()) == [Decimal(5), Decimal(25)]


@pytest.mark.regle("RG-10")
def test_preparer_deux_fois_ne_double_rien(bailleur: Bailleur, responsable: Acteur) -> None:
    preparer(responsable, bailleur)
    with pytest.raises(ErreurMetier) as refus:
        preparer(responsable, bailleur)
    assert refus.value.code == "personne_a_conventionner"
    assert Convention.objects.count() == 2


def test_des_dates_impossibles_n_ecrivent_rien(bailleur: Bailleur, responsable: Acteur) -> None:
    with pytest.raises(ErreurMetier) as refus:
        preparer(responsable, bailleur, fin=DEMAIN - timedelta(days=9))
    assert refus.value.code == "dates_inversees"
    assert not Convention.objects.exists()


@pytest.mark.regle("RG-25")
def test_un_modele_donne_ses_modalites_a_tous(bailleur: Bailleur, responsable: Acteur) -> None:
    modele = creer_convention(
        bailleur, creer_reservataire("MSA"), gestion="deleguee", nb_candidats=4, effet=date(2023, 1, 1)
    )
    brouillons = preparer(responsable, bailleur, modele_id=modele.pk, preremplir=False)
    assert {(un.gestion, un.nb_candidats) for un in brouillons} == {("deleguee", 4)}
    assert not any(un.droits.exists() for un in brouillons)


@pytest.mark.regle("RG-16")
def test_proposer_fige_la_version_et_la_depose_chez_le_reservataire(bailleur: Bailleur, responsable: Acteur) -> None:
    (_, brouillon) = preparer(responsable, bailleur)
    cycle.proposer(acteur=responsable, convention_id=brouillon.pk, le=timezone.localdate())
    version = brouillon.versions_proposees.get()
    caf = acteur_de(brouillon.reservataire)
    assert list(Piece.objects.visibles_par(caf)) == [version.piece]
    envoi = Envoi.objects.get(genre=GenreEnvoi.CONVENTION_A_RELIRE)
    assert (envoi.destinataire_id, envoi.piece_id) == (caf.organisme_id, version.piece_id)
    cycle.reprendre(acteur=responsable, convention_id=brouillon.pk, motif="Le délai change.")
    modifier_modalites(acteur=responsable, convention_id=brouillon.pk, changements={"nb_candidats": 5})
    cycle.proposer(acteur=responsable, convention_id=brouillon.pk, le=timezone.localdate())
    assert [un.rang for un in brouillon.versions_proposees.all()] == [1, 2]
    assert len({un.piece.contenu_id for un in brouillon.versions_proposees.all()}) == 2


@pytest.mark.regle("RG-16")
def test_le_fil_se_tient_entre_les_parties_et_chacun_est_avise(bailleur: Bailleur, responsable: Acteur) -> None:
    (_, brouillon) = preparer(responsable, bailleur)
    caf = acteur_de(brouillon.reservataire)
    with pytest.raises(Introuvable):
        commenter(acteur=caf, convention_id=brouillon.pk, texte="Un brouillon ne se voit pas.")
    cycle.proposer(acteur=responsable, convention_id=brouillon.pk, le=timezone.localdate())
    commenter(acteur=caf, convention_id=brouillon.pk, texte="  Quarante jours ?  ")
    lignes = charger_tableau(bailleur.pk, "94", timezone.localdate()).lignes
    assert [ligne.reservataire.code for ligne in lignes if ligne.commentaires_en_attente] == ["CAF94"]
    commenter(acteur=responsable, convention_id=brouillon.pk, texte="Trente pour tous.")
    assert [un.texte for un in brouillon.commentaires.all()] == ["Quarante jours ?", "Trente pour tous."]
    avis = Envoi.objects.filter(genre=GenreEnvoi.CONVENTION_A_RELIRE, piece=None).order_by("pk")
    assert [(un.emetteur_id, un.destinataire_id) for un in avis] == [
        (caf.organisme_id, bailleur.pk),
        (bailleur.pk, caf.organisme_id),
    ]
    assert not any("jours" in un.corps for un in avis)
    cycle.reprendre(acteur=responsable, convention_id=brouillon.pk, motif="Le délai change.")
    with rls.pour_acteur(caf):
        assert not Commentaire.objects.exists()
        assert not VersionProposee.objects.exists()
    assert not Commentaire.objects.visibles_par(caf).exists()


@pytest.mark.parametrize("texte", ["", "   "])
def test_un_commentaire_vide_est_refuse(bailleur: Bailleur, responsable: Acteur, texte: str) -> None:
    (_, brouillon) = preparer(responsable, bailleur)
    cycle.proposer(acteur=responsable, convention_id=brouillon.pk, le=timezone.localdate())
    with pytest.raises(ErreurMetier):
        commenter(acteur=responsable, convention_id=brouillon.pk, texte=texte)


def test_qui_a_recu_la_convention_ne_la_commente_pas(bailleur: Bailleur, responsable: Acteur) -> None:
    etat = acteur_de(creer_etat("ETAT94B"))
    convention = creer_convention(bailleur, creer_reservataire("MSA"))
    transmettre_convention(acteur=responsable, convention_id=convention.pk)
    Envoi.objects.filter(territoire="departement:94").update(destinataire=etat.organisme_id)
    with pytest.raises(AccesRefuse):
        commenter(acteur=etat, convention_id=convention.pk, texte="Pas ma convention.")


@pytest.mark.regle("RG-12")
def test_un_brouillon_suit_son_gabarit_et_une_version_proposee_le_garde(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    def ecrire(titre: str) -> None:
        texte = f"# {titre}\n\n{{{{ tableau_des_droits }}}}"
        ecrire_gabarit(acteur=responsable, bailleur_id=bailleur.pk, nom="Maison", texte=texte)

    ecrire("Un")
    (_, brouillon) = preparer(responsable, bailleur)
    ecrire("Deux")
    assert charger_texte(Convention.objects.get(pk=brouillon.pk)).blocs[0].texte == "Deux"
    cycle.proposer(acteur=responsable, convention_id=brouillon.pk, le=timezone.localdate())
    ecrire("Trois")
    assert charger_texte(Convention.objects.get(pk=brouillon.pk)).blocs[0].texte == "Deux"


@pytest.mark.regle("RG-12")
def test_un_gabarit_inchange_ne_fait_pas_de_version(bailleur: Bailleur, responsable: Acteur) -> None:
    texte = "{{ tableau_des_droits }}"
    premiere = ecrire_gabarit(acteur=responsable, bailleur_id=bailleur.pk, nom="Maison", texte=texte)
    assert ecrire_gabarit(acteur=responsable, bailleur_id=bailleur.pk, nom="Maison", texte=texte) == premiere
    with pytest.raises(ErreurMetier):
        ecrire_gabarit(acteur=responsable, bailleur_id=bailleur.pk, nom="Texte type", texte=texte)
    with pytest.raises(AccesRefuse):
        ecrire_gabarit(acteur=acteur_de(creer_bailleur("Autre")), bailleur_id=bailleur.pk, nom="Vol", texte=texte)


@pytest.mark.regle("RG-12")
def test_l_annexe_agrege_le_patrimoine_du_perimetre(bailleur: Bailleur) -> None:
    creer_logement(bailleur, VITRY)
    mairie = creer_reservataire("MAIRIE", TypeReservataire.COMMUNE, f"commune:{CRETEIL}")
    convention = creer_convention(bailleur, mairie, [("10", "", f"commune:{CRETEIL}")])
    annexe = charger_texte(convention).annexe
    assert annexe is not None
    assert [(ligne.commune, ligne.total) for ligne in annexe.lignes] == [("Créteil", 9)]


@pytest.mark.regle("RG-46")
def test_le_texte_dit_le_delai_et_le_taux_que_le_calcul_applique(bailleur: Bailleur) -> None:
    convention = creer_convention(
        bailleur, creer_reservataire("MSA"), [("20", "", f"commune:{CRETEIL}"), ("15", "", f"commune:{VITRY}")],
        delai_unite="ouvres",
    )  # fmt: skip
    texte = " ".join(bloc.texte for bloc in charger_texte(convention).blocs)
    assert "30 jours calendaires" in texte
    assert "20,00\u00a0% du flux au plus sur une même commune" in texte
    convention.delai_presentation_jours = 15
    assert "15 jours ouvrés" in " ".join(bloc.texte for bloc in charger_texte(convention).blocs)


def test_proposer_tout_dit_ce_qui_est_refuse_et_fait_le_reste(bailleur: Bailleur, responsable: Acteur) -> None:
    preparer(responsable, bailleur)
    sans_droit = creer_reservataire("MSA")
    creer_brouillon(acteur=responsable, bailleur_id=bailleur.pk, reservataire_id=sans_droit.pk, departement_id="94")
    bilan = departement.proposer_tout(
        acteur=responsable, bailleur_id=bailleur.pk, departement_id="94", le=timezone.localdate()
    )
    assert len(bilan.faites) == 2
    assert [raison for _, raison in bilan.refusees] == ["Ajoutez au moins une ligne de droit avant de proposer."]


@pytest.mark.regle("RG-67")
def test_le_tableau_de_bord_dit_l_etape_de_chacun_et_les_echeances(bailleur: Bailleur, responsable: Acteur) -> None:
    jour = timezone.localdate()
    for code, champs in (
        ("TRANSMISE", {"date_fin": jour + timedelta(days=30)}),
        ("SIGNEE", {}),
        ("ECHUE", {"date_fin": jour - timedelta(days=1)}),
        ("PROPOSEE", {"etat": EtatConvention.PROPOSEE}),
        ("BROUILLON", {"etat": EtatConvention.BROUILLON}),
    ):
        creer_convention(bailleur, creer_reservataire(code), **champs)  # type: ignore[arg-type]
    transmise = Convention.objects.get(reservataire__code="TRANSMISE")
    transmettre_convention(acteur=responsable, convention_id=transmise.pk)
    tableau = charger_tableau(bailleur.pk, "94", jour)
    assert {ligne.reservataire.code: ligne.etape for ligne in tableau.lignes} == {
        "ARMEES": "maintenu",
        "BROUILLON": "brouillon",
        "CAF94": "sans",
        "ECHUE": "echue",
        "ETAT94": "sans",
        "PROPOSEE": "proposee",
        "SIGNEE": "signee",
        "TRANSMISE": "transmise",
    }
    assert [echeance.le for echeance in tableau.echeances] == [jour + timedelta(days=30)]


@pytest.mark.regle("RG-10")
def test_deux_conventions_qui_se_recouvrent_sont_refusees_et_rien_n_est_ecrit(
    bailleur: Bailleur, responsable: Acteur
) -> None:
    msa = creer_reservataire("MSA")
    creer_convention(bailleur, msa)
    seconde = creer_convention(bailleur, msa, etat=EtatConvention.PROPOSEE)
    with pytest.raises(ErreurMetier) as refus:
        cycle.signer(
            acteur=responsable,
            convention_id=seconde.pk,
            signature_bailleur=date(2024, 1, 1),
            signature_reservataire=date(2024, 1, 1),
        )
    assert refus.value.code == "deja_en_vigueur"
    seconde.refresh_from_db()
    assert (seconde.etat, seconde.date_signature) == (EtatConvention.PROPOSEE, None)


def test_le_tableau_de_bord_se_lit_en_un_nombre_fixe_de_requetes(
    bailleur: Bailleur, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def lire() -> int:
        with django_assert_max_num_queries(20) as requetes:
            charger_tableau(bailleur.pk, "94", timezone.localdate())
        return len(requetes)

    creer_convention(bailleur, creer_reservataire("PREMIER"))
    peu = lire()
    for rang in range(12):
        creer_convention(bailleur, creer_reservataire(f"AUTRE{rang}"))
    assert lire() == peu


@pytest.mark.regle("RG-16")
def test_une_signature_a_venir_est_refusee(bailleur: Bailleur, responsable: Acteur) -> None:
    proposee = creer_convention(bailleur, creer_reservataire("MSA"), etat=EtatConvention.PROPOSEE)
    with pytest.raises(ErreurMetier) as refus:
        cycle.signer(
            acteur=responsable,
            convention_id=proposee.pk,
            signature_bailleur=timezone.localdate(),
            signature_reservataire=DEMAIN,
        )
    assert refus.value.code == "date_future"
    assert Convention.objects.get(pk=proposee.pk).etat == EtatConvention.PROPOSEE
