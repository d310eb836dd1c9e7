"""La phrase qui va avec chaque proposition : pourquoi ce compte, en français (moteur.md § 6)."""

from __future__ import annotations

from collections.abc import Mapping

from attributions.domaine.faits_moteur import Modalite, U
from attributions.domaine.lot import Attente
from attributions.domaine.moteur import Moteur
from attributions.domaine.terrain import Fiche

PEU_ATTENDUS = 5
"""Nombre de logements attendus jusqu'auquel une modalité « ne se libère plus guère »."""
_VOYELLES = "aàâeéèêëiîïoôuùûyhœæ"
_NOMS_DE_DIMENSION = {
    "commune": "la commune",
    "qpv": "le quartier prioritaire",
    "typologie": "la typologie",
    "financement": "le financement",
}


def expliquer(moteur: Moteur, attente: Attente) -> str:
    """La phrase d'une proposition du lot, sur l'état du moment sans elle ; l'état est rendu tel quel."""
    moteur.annuler(attente.fiche, attente.compte)
    phrase = _Explication(moteur, attente.fiche, attente.compte, attente.echange).phrase()
    moteur.attribuer(attente.fiche, attente.compte)
    return phrase


def expliquer_un_choix(moteur: Moteur, fiche: Fiche, compte: int) -> str:
    """La phrase d'un compte qu'on pourrait choisir pour un logement que personne n'a encore."""
    return _Explication(moteur, fiche, compte, None).phrase()


def ecrire_dixieme(valeur: int) -> str:
    """Une quantité de logements (en U) à un dixième, à la française, sans signe : 7 000 → « 0,7 »."""
    dixiemes = (20 * abs(valeur) + U) // (2 * U)
    return f"{dixiemes // 10},{dixiemes % 10}"


def ecrire_logements(valeur: int) -> str:
    """« 0,7 logement », « 2,0 logements » : le pluriel commence à deux."""
    dixiemes = ecrire_dixieme(valeur)
    return f"{dixiemes} logement{'s' if int(dixiemes.partition(',')[0]) > 1 else ''}"


def ecrire_retard(retard: int) -> str:
    """« 0,7 logement de retard », « 0,4 logement d'avance », « ni retard ni avance »."""
    if ecrire_dixieme(retard) == "0,0":
        return "ni retard ni avance"
    return f"{ecrire_logements(retard)} {'de retard' if retard > 0 else 'd’avance'}"


def ecrire_taux(points: int) -> str:
    """Un taux en points de base : 3 000 → « 30 % », 330 → « 3,3 % »."""
    entier, reste = divmod(points, 100)
    decimales = f",{reste:02d}".rstrip("0") if reste else ""
    return f"{entier}{decimales} %"


def de_la_commune(nom: str) -> str:
    """« de Créteil », « d'Ivry », « du Kremlin-Bicêtre », « des Lilas »."""
    for article, contracte in (("Le ", "du "), ("Les ", "des ")):
        if nom.startswith(article):
            return contracte + nom[len(article) :]
    return f"d’{nom}" if nom[:1].lower() in _VOYELLES else f"de {nom}"


def nommer_modalite(modalite: Modalite, noms_de_communes: Mapping[str, str]) -> str:
    """Les logements d'une modalité, au pluriel : « les T2 », « les logements d'Ivry », « les logements hors quartier prioritaire »."""
    dimension, valeur = modalite
    if dimension == "commune":
        return f"les logements {de_la_commune(noms_de_communes.get(str(valeur), str(valeur)))}"
    if dimension == "qpv":
        return f"les logements {'en' if valeur else 'hors'} quartier prioritaire"
    if dimension == "typologie":
        return f"les {valeur} et plus" if valeur == "T6" else f"les {valeur}"
    return f"les logements {valeur}" if valeur else "les logements au financement inconnu"


class _Explication:
    """De quoi composer la phrase d'un logement et d'un compte, sur un état où le logement n'est à personne."""

    def __init__(self, moteur: Moteur, fiche: Fiche, compte: int, echange: tuple[str, str] | None) -> None:
        self.moteur, self.fiche, self.compte, self.echange = moteur, fiche, compte, echange
        self.retard = moteur.retards[compte]
        self.eligibles = [indice for indice in moteur.possibles(fiche) if moteur.garde(indice, fiche)] or [compte]
        self.propose = moteur.proposer(fiche)

    def phrase(self) -> str:
        phrases = [f"{self._nom_complet()} : {self._raison()}."]
        ecarte = self._ecarte_par_un_plafond()
        if ecarte:
            phrases.append(ecarte)
        rendus = sorted(self._nommer(indice) for indice in self.fiche.exclus)
        if rendus:
            phrases.append(f"Déjà rendu par {_enumerer(rendus)}.")
        return " ".join(phrases)

    def _nommer(self, indice: int) -> str:
        """Le nom d'un compte au milieu d'une phrase."""
        nom = self.moteur.terrain.noms[indice]
        return nom[0].lower() + nom[1:] if indice == self.moteur.terrain.bailleur and nom.startswith("Le ") else nom

    def _nom_complet(self) -> str:
        terrain, compte = self.moteur.terrain, self.compte
        nom = terrain.noms[compte]
        if compte in terrain.etats and terrain.a_des_agents(compte, self.moteur.epoque, self.fiche.lieu):
            return f"{nom} ({self.moteur.sous_contingent(compte, self.fiche)})"
        return nom

    def _raison(self) -> str:
        situation = ecrire_retard(self.retard)
        if len(self.eligibles) == 1 and self.compte in self.eligibles:
            return f"seul compte éligible, {situation}"
        if self.compte != self.propose and self.echange:
            autre, dimension = self.echange
            return (
                f"{situation}, par échange avec le logement {autre} : les deux comptes se rapprochent de leur part, "
                f"surtout sur {_NOMS_DE_DIMENSION[dimension]}, et aucun n’y perd en nombre"
            )
        plus_fort = max(self.eligibles, key=lambda indice: self.moteur.retards[indice])
        sommet = self.moteur.retards[plus_fort]
        if self.retard < sommet:
            return self._raison_a_moins_du_plus_fort(situation, plus_fort)
        egaux = [indice for indice in self.eligibles if indice != self.compte and self.moteur.retards[indice] == sommet]
        return self._raison_du_plus_fort(situation, egaux)

    def _raison_du_plus_fort(self, situation: str, egaux: list[int]) -> str:
        nombre = len(self.eligibles)
        if self.retard > 0 and situation != "ni retard ni avance":
            debut = f"{situation}, le plus fort parmi les {nombre} comptes éligibles"
        else:
            debut = f"{situation}, et aucun des {nombre} comptes éligibles n’est plus en retard"
        if not egaux:
            return debut
        egalite = f"{debut}, à égalité avec {_enumerer([self._nommer(indice) for indice in egaux])}"
        gain = self.moteur.gain(self.compte, self.fiche)
        if all(self.moteur.gain(indice, self.fiche) < gain for indice in egaux):
            return f"{egalite} ; {self._ce_qui_manque()}"
        return f"{egalite} ; le taux le plus élevé, puis l’ordre des codes, départagent"

    def _raison_a_moins_du_plus_fort(self, situation: str, plus_fort: int) -> str:
        sommet, theta = self.moteur.retards[plus_fort], self.moteur.reglages.theta
        if sommet - self.retard > theta:
            return f"{situation} ; c’était la proposition, et aucun autre choix ne rapproche davantage chacun de son dû"
        marge = "d’un logement" if theta == U else f"de {ecrire_logements(theta)}"
        signe = "" if sommet > 0 else " d’avance"
        rappel = f"{self._nommer(plus_fort)} : {ecrire_dixieme(sommet)}{signe}"
        au_plus = "à moins" if sommet - self.retard < theta else "à pas plus"
        if self.retard < 0 < sommet:
            au_plus, marge = f"mais {au_plus}", f"{marge} du plus fort retard"
        else:
            marge = f"{marge} du plus fort"
        return f"{situation}, {au_plus} {marge} ({rappel}), et {self._ce_qui_manque()}"

    def _ce_qui_manque(self) -> str:
        """La dimension qui pèse le plus dans GAIN, et ce qu'on en attend d'ici le 31 décembre."""
        moteur, compte = self.moteur, self.compte
        poids, manque = moteur.poids_de(compte), moteur.manques[compte]
        cle = max(
            (cle for cle in self.fiche.cles if poids[cle]),
            key=lambda cle: (poids[cle] * (2 * manque[cle] - U), -cle),
        )
        modalite = nommer_modalite(moteur.terrain.modalites[cle], moteur.terrain.faits.noms)
        if ecrire_dixieme(manque[cle]) == "0,0" or manque[cle] < 0:
            return f"c’est le compte que ce logement rapproche le plus de sa part : {self._ecart_nul_ou_avance(manque[cle])} sur {modalite}"
        attendus = moteur.terrain.attendus(compte, moteur.epoque, moteur.jours)[cle]
        return (
            f"c’est à ce compte que ce logement manque le plus : {ecrire_dixieme(manque[cle])} de retard sur {modalite}"
            f"{_dire_les_attendus(attendus)}"
        )

    @staticmethod
    def _ecart_nul_ou_avance(valeur: int) -> str:
        return "aucun écart" if ecrire_dixieme(valeur) == "0,0" else f"{ecrire_dixieme(valeur)} d’avance seulement"

    def _ecarte_par_un_plafond(self) -> str:
        """Un compte écarté par un plafond, seulement s'il aurait été choisi sans lui."""
        moteur, fiche = self.moteur, self.fiche
        ecarte = moteur.proposer(fiche, sans_garde=True)
        if (
            ecarte == self.compte
            or ecarte not in moteur.terrain.etats
            or moteur.garde(ecarte, fiche)
            or moteur.plafond is None
        ):
            return ""
        debut = (
            f"{self._nommer(ecarte)} ({ecrire_retard(moteur.retards[ecarte])}) l’aurait reçu, mais un logement de plus"
        )
        if not moteur.respecte_le_plafond(ecarte):
            recus, liberes = moteur.recus[ecarte], moteur.liberes
            return (
                f"{debut} passerait son plafond de {ecrire_taux(moteur.plafond.etat)} "
                f"({recus} reçu{'s' if recus > 1 else ''} sur {liberes} libéré{'s' if liberes > 1 else ''})."
            )
        return f"{debut} en quartier prioritaire entamerait sa part hors quartier prioritaire."


def _dire_les_attendus(attendus: int) -> str:
    if attendus > PEU_ATTENDUS:
        return ""
    if attendus <= 0:
        return ", dont plus aucun n’est attendu d’ici le 31 décembre"
    return f", qui ne se libèrent plus guère ({attendus} attendu{'s' if attendus > 1 else ''} d’ici le 31 décembre)"


def _enumerer(noms: list[str]) -> str:
    """« A », « A et B », « A, B et C »."""
    return noms[0] if len(noms) == 1 else f"{', '.join(noms[:-1])} et {noms[-1]}"
