"""Pourquoi une ligne diffère, et que faire : ce que la base sait de la libération ou du logement (RG-46)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from attributions.domaine.codes import Exclusion, Retrait
from attributions.domaine.decompte import PHRASES
from attributions.models import Liberation
from bilans.calcul import CalculAnnuel
from bilans.domaine.qualification import LiberationQualifiee
from conventions.models import Logement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.droit.assiette import Qualification
from flux_reservations.echanges.reprise.rapprochement import (
    Ecart,
    LigneDeChezNous,
    LigneDuBailleur,
    LigneRapprochee,
    cle_souple,
)
from flux_reservations.socle.presentation import Lien, ecrire_date_courte

_HORS_DU_FLUX: Final = {
    Qualification.HORS_CHAMP: "Le logement est hors du champ du flux.",
    Qualification.PREMIERE_LOCATION: "C'est une première mise en location, comptée à part.",
    Qualification.STOCK_MAINTENU: "Le logement est du stock maintenu : il revient à son titulaire, hors flux.",
}
OTER: Final = "Ôtez-la de votre décompte, ou corrigez sa qualification dans sa fiche."


@dataclass(frozen=True, slots=True)
class Cause:
    """Pourquoi les deux décomptes diffèrent sur une ligne, et le remède ; `lien` : où l'appliquer."""

    genre: str
    phrase: str
    remede: str
    lien: Lien | None = None


def expliquer(lignes: Sequence[LigneRapprochee], calcul: CalculAnnuel, acteur: Acteur) -> list[Cause | None]:
    """La cause de chaque ligne, None si elle est identique (deux requêtes au plus)."""
    registre = _Registre([une.lui for une in lignes if une.ecart is Ecart.CHEZ_LUI_SEUL and une.lui], calcul, acteur)
    return [_expliquer_une(une, registre) for une in lignes]


def _expliquer_une(ligne: LigneRapprochee, registre: _Registre) -> Cause | None:
    lui, nous = ligne.lui, ligne.nous
    if ligne.ecart is Ecart.IDENTIQUE:
        return None
    if lui is None:
        return _absente_de_son_tableur(nous) if nous else None
    if ligne.ecart is Ecart.DOUBLON:
        return Cause("Comptée deux fois", "Une ligne d'au-dessus compte déjà cette libération.", "Gardez-en une seule.")
    return _des_deux_cotes(ligne.ecart, lui, nous) if nous else registre.expliquer(lui)


def _absente_de_son_tableur(nous: LigneDeChezNous) -> Cause:
    phrase = f"Décomptée le {ecrire_date_courte(nous.le)} à {nous.compte} : {nous.raison}."
    remede = "Ajoutez-la à votre tableur, ou corrigez sa fiche si elle ne devait pas compter cette année."
    return Cause("Absente de votre tableur", phrase, remede, lien_vers(nous.liberation, nous.cle))


def _des_deux_cotes(ecart: Ecart, lui: LigneDuBailleur, nous: LigneDeChezNous) -> Cause:
    lien = lien_vers(nous.liberation, nous.cle)
    if ecart is Ecart.LIBELLE_INCONNU:
        phrase = f"« {lui.libelle} » ne désigne aucun compte connu."
        return Cause("Libellé inconnu", phrase, "Dites de quel compte il s'agit : c'est retenu.", lien)
    if lui.compte.partition("/")[0].casefold() == nous.compte.partition("/")[0].casefold():
        phrase = f"Même réservataire, mais {nous.compte} et non {lui.compte}."
        return Cause("Autre sous-contingent", phrase, "Corrigez l'orientation, ou votre tableur.", lien)
    phrase = f"Décomptée à {nous.compte} le {ecrire_date_courte(nous.le)} : {nous.raison}."
    return Cause("Autre compte", phrase, "Corrigez l'orientation dans sa fiche, ou votre tableur.", lien)


def lien_vers(numero: str, cle: int) -> Lien:
    """La fiche d'une libération."""
    return Lien(f"Fiche {numero}", reverse("liberation", args=[cle]))


class _Registre:
    """Ce que la base sait des lignes que nous ne décomptons pas."""

    def __init__(self, lignes: Sequence[LigneDuBailleur], calcul: CalculAnnuel, acteur: Acteur) -> None:
        self._qualifiees = {une.faits.identifiant: une for une in calcul.flux.liberations}
        self._noms = {compte.reservataire: compte.code for compte in calcul.flux.comptes}
        self._par_numero: dict[str, list[tuple[int, str]]] = {}
        self._par_logement: dict[str, list[tuple[int, str]]] = {}
        self._logements: frozenset[str] = frozenset()
        self._retraits: dict[int, str] = {}
        if not lignes:
            return
        cherches = {cle_souple(texte) for une in lignes for texte in (une.liberation, une.logement) if texte}
        connues = Liberation.objects.visibles_par(acteur).order_by("date_disponibilite", "pk")
        for pk, numero, logement, retrait in connues.values_list("pk", "numero", "logement__identifiant", "retrait"):
            if retrait:
                self._retraits[pk] = retrait
            for texte, index in ((numero, self._par_numero), (logement, self._par_logement)):
                if (cle := cle_souple(texte)) in cherches:
                    index.setdefault(cle, []).append((pk, numero))
        identifiants = Logement.objects.visibles_par(acteur).values_list("identifiant", flat=True)
        self._logements = frozenset(cle for un in identifiants.iterator() if (cle := cle_souple(un)) in cherches)

    def expliquer(self, ligne: LigneDuBailleur) -> Cause:
        """La cause d'une ligne que nous ne décomptons pas cette année."""
        trouvees = self._par_numero.get(cle_souple(ligne.liberation), []) if ligne.liberation else []
        trouvees = trouvees or (self._par_logement.get(cle_souple(ligne.logement), []) if ligne.logement else [])
        if not trouvees:
            return self._inconnue(ligne)
        pk, numero = self._la_plus_proche(trouvees)
        lien = lien_vers(numero, pk)
        if retrait := self._retraits.get(pk):
            phrase = f"La libération est retirée ({Retrait(retrait).libelle.lower()})."
            return Cause("Libération retirée", phrase, "Ôtez-la de votre décompte, ou rétablissez-la.", lien)
        qualifiee = self._qualifiees.get(pk)
        if qualifiee is None:
            phrase = "La libération est d'une autre année, ou d'un autre département."
            return Cause(
                "Autre année ou département", phrase, "Comptez-la là où elle est louée, ou corrigez ses dates.", lien
            )
        return self._du_registre(qualifiee, lien)

    def _la_plus_proche(self, trouvees: Iterable[tuple[int, str]]) -> tuple[int, str]:
        """Celle que l'année connaît, la plus récente à égalité."""
        liste = list(trouvees)
        return next((une for une in reversed(liste) if une[0] in self._qualifiees), liste[-1])

    def _inconnue(self, ligne: LigneDuBailleur) -> Cause:
        importer = Lien("Importer", reverse("deposer_import"))
        if ligne.logement and cle_souple(ligne.logement) not in self._logements:
            phrase = f"Le logement {ligne.logement} n'est pas dans votre patrimoine."
            return Cause("Logement inconnu", phrase, "Corrigez l'identifiant, ou importez le patrimoine.", importer)
        phrase = (
            "Aucune libération de ce logement n'est enregistrée."
            if ligne.logement
            else f"La libération {ligne.liberation} n'est pas enregistrée."
        )
        return Cause("Libération absente", phrase, "Importez-la, avec son orientation et son bail.", importer)

    def _du_registre(self, qualifiee: LiberationQualifiee, lien: Lien) -> Cause:
        faits = qualifiee.faits
        if qualifiee.qualification is Qualification.EXCLUE:
            phrase = f"Elle est exclue du flux ({Exclusion(faits.exclusion).libelle.lower()}) : elle n'est décomptée à personne."
            return Cause("Exclue du flux", phrase, OTER, lien)
        if qualifiee.qualification in _HORS_DU_FLUX:
            return Cause("Hors du flux", _HORS_DU_FLUX[qualifiee.qualification], OTER, lien)
        imputation = qualifiee.imputation
        if imputation is not None:
            phrase = f"Décomptée en {imputation.date.year} (le {ecrire_date_courte(imputation.date)}) : {PHRASES[imputation.raison]}."
            return Cause("Autre année", phrase, f"Comptez-la en {imputation.date.year}, ou corrigez ses dates.", lien)
        if not faits.orientations:
            phrase = "Le bail est signé sans orientation." if faits.date_bail else "La libération n'est pas orientée."
            return Cause("Sans orientation", phrase, "Orientez-la, ou importez son orientation.", lien)
        vers = self._noms.get(faits.orientations[-1].reservataire, "ce compte")
        phrase = f"Orientée vers {vers}, mais le fait générateur de sa convention n'est pas atteint."
        return Cause("Fait générateur non atteint", phrase, "Complétez ses dates (proposition, CALEOL, bail).", lien)
