"""Le tableau dont chaque ligne est une ligne d'un modèle : comparaison à la base et écriture, une fois pour toutes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models

from flux_reservations.echanges.colonnes import Choix, Colonne, Courriel, OuiNon, Texte, TypeColonne
from flux_reservations.echanges.masse import MiseDeCote, attributs_de, valeurs_par_defaut
from flux_reservations.echanges.nombres import Date, Decimale, Entier
from flux_reservations.echanges.preuves import proteger_les_preuves, refuser_a_un_agent
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne, Tableau

_ENTIER_MAXIMAL = 2_147_483_647


def colonne_de(
    modele: type[models.Model],
    nom: str,
    type_: TypeColonne | None = None,
    *,
    champ: str = "",
    obligatoire: bool = False,
) -> Colonne:
    """Colonne d'un champ du modèle : type, longueur, codes et valeur par défaut viennent du champ."""
    attribut: Any = modele._meta.get_field(champ or nom)
    defaut = attribut.get_default()
    return Colonne(
        nom, type_ or _type_du_champ(attribut), obligatoire=obligatoire, champ=attribut.attname, defaut=defaut
    )


def _type_du_champ(champ: Any) -> TypeColonne:  # noqa: PLR0911 : un cas par type
    if champ.choices:
        return Choix(tuple(str(code) for code, _ in champ.choices if code))
    match champ:
        case models.EmailField():
            return Courriel()
        case models.BooleanField():
            return OuiNon()
        case models.DateField():
            return Date()
        case models.DecimalField():
            borne = Decimal(10) ** (champ.max_digits - champ.decimal_places) - 1
            return Decimale(champ.decimal_places, Decimal(0), borne)
        case models.PositiveSmallIntegerField():
            return Entier()
        case models.PositiveIntegerField():
            return Entier(0, _ENTIER_MAXIMAL)
    return Texte(champ.max_length or 0)


class TableauModele(Tableau):
    """Un tableau dont la clé désigne une ligne d'un modèle (`cle_base` : ses attributs, dans l'ordre de `Ligne.cle`)."""

    modele: ClassVar[type[models.Model]]
    cle_base: ClassVar[tuple[str, ...]]

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Compare à la base et met de côté : inchangé, modifié, créé."""
        if suivi.reserve is None:
            suivi.reserve = self.ouvrir_reserve()
        if self.a_l_administration and refuser_a_un_agent(suivi):
            return
        self.resoudre(suivi, lot)
        bonnes = [ligne for ligne in lot if not ligne.fautive and ligne.cle and suivi.retenir_cle(ligne)]
        existants = self.lire_existants({ligne.cle for ligne in bonnes})
        defauts = valeurs_par_defaut(self.modele)
        creations: list[tuple[Ligne, dict[str, Any]]] = []
        modifications: list[tuple[int, dict[str, Any]]] = []
        for ligne in bonnes:
            existant = existants.get(ligne.cle)
            ancien = existant[1] if existant else None
            complet = (ancien or defauts) | ligne.champs
            self.controler(suivi, ligne, complet, ancien)
            self.proteger(suivi, ligne, complet, ancien)
            if ligne.fautive:
                continue
            if existant is None:
                creations.append((ligne, complet))
                self.compter(suivi, ligne, "cree", self.differences(suivi, defauts, complet))
            elif complet != ancien:
                modifications.append((existant[0], complet))
                self.compter(suivi, ligne, "modifie", self.differences(suivi, existant[1], complet))
            else:
                suivi.compte.inchanges += 1
                self.noter_inchange(suivi, ligne, existant[0])
        self.mettre_de_cote(suivi, creations, modifications)

    def ouvrir_reserve(self) -> MiseDeCote:
        """Où mettre de côté."""
        return MiseDeCote(self.modele)

    def mettre_de_cote(
        self,
        suivi: Suivi,
        creations: list[tuple[Ligne, dict[str, Any]]],
        modifications: list[tuple[int, dict[str, Any]]],
    ) -> None:
        """Garde en base ce qui sera écrit."""
        if creations:
            identifiants = suivi.reserve.reserver(len(creations))
            suivi.reserve.creer(zip(identifiants, (complet for _, complet in creations), strict=True))
        suivi.reserve.modifier(modifications)

    def noter_inchange(self, suivi: Suivi, ligne: Ligne, pk: int) -> None:
        """Appelé pour une ligne identique à la base ; par défaut, rien."""

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Contrôles d'une ligne complète (valeurs de la base et du fichier) ; peut corriger `complet`. Par défaut, rien."""

    def proteger(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Refuse la ligne si l'acteur n'a pas à l'écrire."""
        proteger_les_preuves(suivi, ligne, complet, ancien)

    def ecrire(self, suivi: Suivi) -> None:
        """Modifications d'abord : une valeur unique libérée peut être reprise par une ligne neuve."""
        suivi.reserve.ecrire_modifications()
        suivi.reserve.ecrire_creations()
        suivi.reserve.fermer()

    def compter(self, suivi: Suivi, ligne: Ligne, nature: str, champs: dict[str, tuple[str, str]]) -> None:
        """Compte et retient un changement."""
        if nature == "cree":
            suivi.compte.crees += 1
        else:
            suivi.compte.modifies += 1
        suivi.changer(ligne, nature, champs)

    def differences(
        self, suivi: Suivi, avant: Mapping[str, Any], apres: Mapping[str, Any]
    ) -> dict[str, tuple[str, str]]:
        """Ce qui change, colonne par colonne, en texte."""
        if not suivi.contexte.avec_changements:
            return {}
        return {
            colonne.nom: (en_texte(colonne, avant[colonne.champ]), en_texte(colonne, apres[colonne.champ]))
            for colonne in self.colonnes
            if colonne.champ and avant[colonne.champ] != apres[colonne.champ]
        }

    def lire_existants(self, cles: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, dict[str, Any]]]:
        """Lignes de la base qui ont ces clés : identifiant et valeurs, en une requête."""
        if not cles:
            return {}
        attributs = attributs_de(self.modele)
        filtre: dict[str, set[Any]] = {}
        for rang, attribut in enumerate(self.cle_base):
            valeurs = {cle[rang] for cle in cles}
            if None not in valeurs:
                filtre[f"{attribut}__parmi"] = valeurs
        tout: models.QuerySet[Any] = self.modele._default_manager.all()
        lignes = tout.filter(**filtre).values_list("pk", *attributs)
        rangs = [attributs.index(attribut) for attribut in self.cle_base]
        return {
            tuple(valeurs[rang] for rang in rangs): (pk, dict(zip(attributs, valeurs, strict=True)))
            for pk, *valeurs in lignes
        }

    def poser_champs_simples(self, suivi: Suivi, ligne: Ligne) -> None:
        """Recopie dans `champs` les colonnes qui vont telles quelles au modèle."""
        valeurs = ligne.valeurs
        ligne.champs |= {champ: valeurs[nom] for nom, champ in suivi.simples if nom in valeurs}

    def lire_champs(self, instance: models.Model) -> dict[str, Any]:
        """Valeurs d'une instance pour les colonnes qui viennent telles quelles du modèle (export)."""
        return {colonne.nom: getattr(instance, colonne.champ) for colonne in self.colonnes if colonne.champ}

    def exporter_valeurs(self, requete: models.QuerySet[Any], **de_plus: Any) -> Iterator[dict[str, Any]]:
        """Lignes d'une requête, sans en faire des objets ; `de_plus` donne, par nom, un chemin ou une expression."""
        attributs = attributs_de(self.modele)
        chemins = {colonne.nom: colonne.champ for colonne in self.colonnes if colonne.champ in attributs} | de_plus
        for valeurs in requete.values_list(*chemins.values()).iterator(chunk_size=self.taille_lot):
            yield dict(zip(chemins, valeurs, strict=True))

    def exporter_requete(self, requete: models.QuerySet[Any], **de_plus: Any) -> Iterator[dict[str, Any]]:
        """Lignes d'une requête ; `de_plus` donne, par colonne, une fonction de l'instance."""
        for instance in requete.iterator(chunk_size=2000):
            yield self.lire_champs(instance) | {nom: fonction(instance) for nom, fonction in de_plus.items()}


def en_texte(colonne: Colonne, valeur: Any) -> str:
    """Texte d'une valeur de colonne ; vide si elle est inconnue."""
    return "" if valeur is None or valeur in ("", b"") else colonne.type.ecrire(valeur)
