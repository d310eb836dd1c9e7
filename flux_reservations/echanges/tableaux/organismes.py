"""Tableaux `bailleurs` et `reservataires` : le registre commun (RG-01, RG-02)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

from django.db import models
from django.db.models import Q

from conventions.domaine.codes import TypeReservataire
from conventions.models import Bailleur, Reservataire, nature_du_type
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.lignes import SUR_UNE_LIGNE
from flux_reservations.echanges.colonnes import Colonne, Courriel, Siren, Texte, siren_est_valide
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.registre.usage import dire_les_acces
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.echanges.tableaux.places import PlacesTenues
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi
from flux_reservations.territoires.resolution import Resolution, message_territoire_inconnu, resoudre_territoires

NOM: Final = Texte(200, SUR_UNE_LIGNE, "un nom sur une ligne, sans saut de ligne ni tabulation")
"""Le nom d'un organisme : des courriels et des documents le portent en titre."""


class ReserveOrganismes:
    """Organismes à écrire ; l'héritage de tables interdit la copie en masse, et ils sont peu nombreux."""

    def __init__(self, modele: type[models.Model]) -> None:
        self.modele = modele
        self._a_creer: list[dict[str, Any]] = []
        self._a_modifier: list[tuple[int, dict[str, Any]]] = []
        self.territoires: dict[str, Resolution] = {}
        self.places: PlacesTenues | None = None
        self.a_venir: set[str] = set()

    def reserver(self, nombre: int) -> list[int]:
        """Sans objet : l'identifiant vient à l'écriture."""
        return [0] * nombre

    def creer(self, lignes: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Met de côté des organismes neufs."""
        self._a_creer.extend(valeurs for _, valeurs in lignes)

    def modifier(self, lignes: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Met de côté des organismes modifiés."""
        self._a_modifier.extend(lignes)

    def ecrire_modifications(self) -> None:
        """Écrit les modifications."""
        for pk, valeurs in self._a_modifier:
            self.modele(pk=pk, **valeurs).save(force_update=True)

    def ecrire_creations(self) -> None:
        """Écrit les créations."""
        for valeurs in self._a_creer:
            self.modele(**valeurs).save(force_insert=True)

    def fermer(self) -> None:
        """Oublie ce qui était de côté."""
        self._a_creer.clear()
        self._a_modifier.clear()


class Bailleurs(TableauModele):
    """Le tableau `bailleurs`."""

    nom = "bailleurs"
    modele = Bailleur
    colonne_cle = "siren"
    cle_base = ("siren",)
    colonnes: ClassVar = (
        Colonne("siren", Siren(), obligatoire=True, champ="siren"),
        colonne_de(Bailleur, "nom", NOM, obligatoire=True),
        colonne_de(Bailleur, "statut"),
        colonne_de(Bailleur, "courriel", Courriel()),
    )

    def ouvrir_reserve(self) -> Any:
        """Où mettre de côté."""
        return ReserveOrganismes(Bailleur)

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est le SIREN."""
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            ligne.champs["nature"] = Nature.BAILLEUR.value
            ligne.cle = (ligne.valeurs["siren"],) if "siren" in ligne.valeurs else ()

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Un bailleur ne peut changer que sa propre fiche."""
        del ancien
        acteur = suivi.contexte.acteur
        if not (
            acteur.est_systeme or acteur.nature is Nature.PLATEFORME or complet["siren"] in suivi.contexte.bailleurs()
        ):
            suivi.refuser(ligne, "siren", "Vous ne pouvez importer que la fiche de votre organisme.")

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit, et oublie les bailleurs déjà lus."""
        super().ecrire(suivi)
        suivi.contexte.oublier_bailleurs()

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Le bailleur lui-même."""
        return self.exporter_requete(Bailleur.objects.filter(pk=bailleur.pk))


class Reservataires(TableauModele):
    """Le tableau `reservataires`."""

    nom = "reservataires"
    modele = Reservataire
    colonne_cle = "code"
    cle_base = ("code",)
    colonnes: ClassVar = (
        colonne_de(
            Reservataire,
            "code",
            Texte(
                40,
                re.compile(r"(?!BAILLEUR$)[^\s/;]+"),
                "un code sans espace, ni « / », ni « ; », et qui n'est pas BAILLEUR",
            ),
            obligatoire=True,
        ),
        colonne_de(Reservataire, "nom", NOM, obligatoire=True),
        colonne_de(Reservataire, "type", obligatoire=True),
        colonne_de(Reservataire, "siren", Siren(souple=True)),
        Colonne("territoire", Texte(40), defaut=""),
        colonne_de(Reservataire, "courriel", Courriel()),
    )

    def ouvrir_reserve(self) -> Any:
        """Où mettre de côté."""
        return ReserveOrganismes(Reservataire)

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """La clé est le code ; le territoire est résolu (anciens codes compris)."""
        cache: dict[str, Resolution] = suivi.reserve.territoires
        cites = {ligne.valeurs["territoire"] for ligne in lot if ligne.valeurs.get("territoire")} - cache.keys()
        cache.update(resoudre_territoires(cites) if cites else {})
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            suivi.reserve.a_venir.add(ligne.valeurs.get("code"))
            ligne.cle = (ligne.valeurs["code"],) if "code" in ligne.valeurs else ()
            if "type" in ligne.valeurs:
                ligne.champs["nature"] = nature_du_type(ligne.valeurs["type"]).value
            self._poser_territoire(suivi, ligne, cache)
            siren = ligne.valeurs.get("siren")
            if siren and not siren_est_valide(siren):
                suivi.avertir(ligne, "siren", "La clé de contrôle de ce SIREN est fausse : vérifiez ses neuf chiffres.")

    def controler(self, suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Le registre est commun : seule la plateforme l'étend et le corrige ; un faux préfet recevrait les bilans de tous."""
        acteur = suivi.contexte.acteur
        if complet != ancien and not (acteur.est_systeme or acteur.nature is Nature.PLATEFORME):
            message = (
                "Le registre des réservataires est commun : demandez cet ajout à l'administration de la plateforme."
            )
            suivi.refuser(ligne, "code", message)
            return
        self._garder_la_place(suivi, ligne, complet, ancien)
        if ancien is not None and complet["nature"] != ancien["nature"]:
            acces = dire_les_acces(complet["code"])
            if acces:
                message = (
                    f"Ce type donnerait d'autres droits à qui y a accès ({acces}) : fermez d'abord ces accès, ou inscrivez un autre "
                    "réservataire."
                )
                suivi.refuser(ligne, "type", message)

    def differences(
        self, suivi: Suivi, avant: Mapping[str, Any], apres: Mapping[str, Any]
    ) -> dict[str, tuple[str, str]]:
        """Le territoire aussi : il est résolu, donc pas une colonne simple."""
        champs = super().differences(suivi, avant, apres)
        if suivi.contexte.avec_changements and avant["territoire_id"] != apres["territoire_id"]:
            champs["territoire"] = (avant["territoire_id"] or "", apres["territoire_id"] or "")
        return champs

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les réservataires cités par les données du bailleur, et l'État, dont le repli ne suppose aucune convention (RG-19)."""
        cites = (
            Q(type=TypeReservataire.ETAT)
            | Q(pk__in=bailleur.conventions.values("reservataire"))
            | Q(pk__in=bailleur.conventions.values("delegataire"))
            | Q(reservations_stock__logement__bailleur=bailleur)
            | Q(orientations__liberation__bailleur=bailleur)
            | Q(pk__in=Envoi.objects.filter(emetteur_id=bailleur.pk).values("destinataire"))
            | Q(pk__in=Demande.objects.filter(destinataire_id=bailleur.pk).values("emetteur"))
        )
        requete = Reservataire.objects.filter(cites).distinct().order_by("code")
        return self.exporter_requete(requete, territoire=lambda reservataire: reservataire.territoire_id or "")

    @staticmethod
    def _garder_la_place(suivi: Suivi, ligne: Ligne, complet: dict[str, Any], ancien: dict[str, Any] | None) -> None:
        """Un second préfet d'un département est refusé à l'écran ; l'exploitant, qui reprend un registre, en est averti."""
        reserve: ReserveOrganismes = suivi.reserve
        if reserve.places is None:
            reserve.places = PlacesTenues()
        reserve.a_venir.discard(complet["code"])
        message = reserve.places.prendre(complet, ancien, reserve.a_venir)
        if message:
            signaler = suivi.avertir if suivi.contexte.acteur.est_systeme else suivi.refuser
            signaler(ligne, "territoire", message)

    @staticmethod
    def _poser_territoire(suivi: Suivi, ligne: Ligne, cache: dict[str, Resolution]) -> None:
        code = ligne.valeurs.get("territoire")
        if code is None:
            return
        if not code:
            ligne.champs["territoire_id"] = None
        elif code in cache:
            ligne.champs["territoire_id"] = cache[code].code
            if cache[code].message:
                suivi.avertir(ligne, "territoire", cache[code].message)
        else:
            suivi.refuser(ligne, "territoire", message_territoire_inconnu(code))
