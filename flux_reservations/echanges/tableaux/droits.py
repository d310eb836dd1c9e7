"""Tableau `droits` (RG-13) : les lignes de droit d'une convention citée sont remplacées par celles du fichier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Prefetch

from conventions.domaine.codes import COLLECTIVITES, SousContingent, TypeReservataire
from conventions.models import Bailleur, Convention, Droit
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.arrondis import accorder
from flux_reservations.echanges.colonnes import Choix, Colonne, ListeTerritoires, Texte
from flux_reservations.echanges.modele import colonne_de
from flux_reservations.echanges.nombres import taux
from flux_reservations.echanges.references import BAILLEUR, chercher, resoudre_bailleurs, resoudre_listes
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne, Tableau
from flux_reservations.echanges.tableaux.controles_des_conventions import RESERVE_AU_RESPONSABLE
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import NatureTerritoire, Territoire, TerritoireCommune
from flux_reservations.territoires.resolution import Resolution

_SIMPLES = ("contrepartie", "sous_contingent", "taux", "montant_garanti", "dernier_versement")
_INFRA_DEPARTEMENTAL = frozenset(
    {NatureTerritoire.COMMUNE.value, NatureTerritoire.EPCI.value, NatureTerritoire.EPT.value}
)


@dataclass(slots=True)
class DroitLu:
    """Une ligne de droit, du fichier ou de la base."""

    valeurs: dict[str, Any]
    perimetre: frozenset[str]
    assiette: frozenset[str]
    ligne: Ligne | None = None
    pk: int = 0

    def vaut(self, autre: DroitLu, colonnes: Container[str]) -> bool:
        """Vrai si les deux lignes disent la même chose dans ces colonnes."""
        return (
            self.perimetre == autre.perimetre
            and ("assiette" not in colonnes or self.assiette == autre.assiette)
            and all(self.valeurs[nom] == autre.valeurs[nom] for nom in _SIMPLES if nom in colonnes)
        )


@dataclass(slots=True)
class ReserveDroits:
    """Lignes du fichier, par convention."""

    par_convention: dict[int, list[DroitLu]] = field(default_factory=lambda: defaultdict(list))
    territoires: dict[str, Resolution] = field(default_factory=dict)
    dedans: dict[tuple[str, str], bool] = field(default_factory=dict)


class Droits(Tableau):
    """Le tableau `droits`."""

    nom = "droits"
    colonne_cle = "convention"
    colonnes: ClassVar = (
        BAILLEUR,
        Colonne("convention", Texte(60), obligatoire=True),
        colonne_de(Droit, "contrepartie", obligatoire=True),
        colonne_de(Droit, "sous_contingent", Choix.de(SousContingent, sauf=["repli"])),
        colonne_de(Droit, "taux", taux(), obligatoire=True),
        Colonne("perimetre", ListeTerritoires(), obligatoire=True),
        Colonne("assiette", ListeTerritoires(), defaut=()),
        colonne_de(Droit, "montant_garanti"),
        colonne_de(Droit, "dernier_versement"),
    )

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Convention et territoires doivent exister."""
        resoudre_bailleurs(suivi, lot)
        reserve: ReserveDroits = suivi.reserve
        conventions = chercher(
            suivi,
            lot,
            "convention",
            Convention.objects.all(),
            attribut="numero",
            tableau="conventions",
            article="Convention",
            plus=("reservataire__type", "reservataire__territoire_id", "motif_perimetre", "departement_id"),
        )
        perimetres = resoudre_listes(suivi, lot, "perimetre", reserve.territoires)
        assiettes = resoudre_listes(suivi, lot, "assiette", reserve.territoires)
        for ligne in lot:
            convention = conventions.get(ligne.numero)
            if convention is None or ligne.fautive:
                continue
            valeurs = {nom: ligne.valeurs.get(nom, suivi.colonnes[nom].defaut) for nom in _SIMPLES}
            lu = DroitLu(valeurs, perimetres[ligne.numero], assiettes.get(ligne.numero, frozenset()), ligne)
            self._controler(suivi, lu, convention)
            reserve.par_convention[convention[0]].append(lu)

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Retient les lignes : les droits d'une convention se comparent ensemble."""
        if suivi.reserve is None:
            suivi.reserve = ReserveDroits()
        self.resoudre(suivi, lot)

    def conclure(self, suivi: Suivi) -> None:
        """Dit les lignes répétées à l'identique : elles s'additionnent, ce qui est rarement voulu."""
        for lus in suivi.reserve.par_convention.values():
            for rang, lu in enumerate(lus):
                jumelle = next((autre for autre in lus[:rang] if lu.vaut(autre, {*_SIMPLES, "assiette"})), None)
                if jumelle is not None and lu.ligne is not None and jumelle.ligne is not None:
                    suivi.avertir(
                        lu.ligne, "taux", f"Identique à la ligne {jumelle.ligne.numero} : les deux taux s'additionnent."
                    )

    def ecrire(self, suivi: Suivi) -> None:
        """Remplace les droits de chaque convention citée, sans toucher à ceux qui ne changent pas."""
        reserve: ReserveDroits = suivi.reserve
        existants = _lire_droits(list(reserve.par_convention))
        changees: set[int] = set()
        neufs: list[tuple[int, DroitLu]] = []
        for convention, lus in reserve.par_convention.items():
            restants = existants.get(convention, [])
            a_placer = self._ecarter_inchanges(suivi, lus, restants)
            if a_placer or restants:
                changees.add(convention)
            for lu in a_placer:
                remplace = next((autre for autre in restants if _se_remplacent(lu, autre)), None)
                if remplace is None:
                    neufs.append((convention, lu))
                    self._compter(suivi, lu, None)
                else:
                    restants.remove(remplace)
                    self._modifier(suivi, lu, remplace)
            if restants:
                Droit.objects.filter(pk__in=[droit.pk for droit in restants]).delete()
                suivi.avertir(
                    None,
                    "",
                    f"{accorder(len(restants), 'droit retiré', 'droits retirés')} : le fichier remplace ceux de la convention qu'il cite.",
                    valeur="",
                )
        self._creer(neufs)
        self._reserver_au_responsable(suivi, changees)

    @staticmethod
    def _reserver_au_responsable(suivi: Suivi, changees: set[int]) -> None:
        """Les taux d'une version signée ne changent que par un responsable ; l'acte d'une personne se journalise."""
        acteur = suivi.contexte.acteur
        if acteur.est_systeme:
            return
        for convention in Convention.objects.signees().filter(pk__in=changees).order_by("pk"):
            if not acteur.peut(Role.RESPONSABLE):
                suivi.refuser(None, "convention", RESERVE_AU_RESPONSABLE, valeur=convention.numero)
                continue
            journaliser(
                acteur=acteur,
                action="importer_droits",
                objet=convention,
                organisme_id=convention.bailleur_id,
                apres={"fichier": suivi.compte.fichier},
            )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Les droits de toutes les conventions du bailleur."""
        droits = (
            Droit.objects.filter(convention__bailleur=bailleur)
            .select_related("convention")
            .prefetch_related(_codes("perimetre"), _codes("assiette"))
            .order_by("convention__numero", "pk")
        )
        for droit in droits.iterator(chunk_size=1000):
            yield {
                "bailleur": bailleur.siren,
                "convention": droit.convention.numero,
                "perimetre": [territoire.code for territoire in droit.perimetre.all()],
                "assiette": [territoire.code for territoire in droit.assiette.all()],
                **{nom: getattr(droit, nom) for nom in _SIMPLES},
            }

    def _controler(self, suivi: Suivi, lu: DroitLu, convention: tuple[Any, ...]) -> None:
        """Sous-contingent de l'État ; périmètre d'une collectivité dans son territoire (RG-11)."""
        _, _, type_, territoire, motif, departement = convention
        ligne, sous_contingent = lu.ligne, lu.valeurs["sous_contingent"]
        if ligne is None:
            return
        if type_ == TypeReservataire.ETAT and not sous_contingent:
            suivi.refuser(
                ligne, "sous_contingent", "Un droit de l'État est pour les prioritaires ou pour les agents : précisez."
            )
        elif type_ != TypeReservataire.ETAT and sous_contingent:
            suivi.refuser(ligne, "sous_contingent", "Seul l'État a des sous-contingents : videz la cellule.")
        for code in sorted(lu.perimetre):
            if not _touche(suivi.reserve.dedans, code, departement):
                message = (
                    f"Hors du département de la convention ({departement}) : ce droit ne s'y exerce pas. À vérifier."
                )
                suivi.avertir(ligne, "perimetre", message, valeur=code)
        if type_ in COLLECTIVITES and territoire:
            for code in sorted(lu.perimetre):
                if not _est_dedans(suivi.reserve.dedans, code, territoire):
                    message = f"Hors du territoire de la collectivité ({territoire}, RG-11) : mettez ce territoire, ou une partie."
                    suivi.refuser(ligne, "perimetre", message, valeur=code)
        elif not motif and any(code.partition(":")[0] in _INFRA_DEPARTEMENTAL for code in lu.perimetre):
            message = "Périmètre plus petit que le département, sans motif_perimetre dans la convention (RG-11) : à compléter."
            suivi.avertir(ligne, "perimetre", message)

    @staticmethod
    def _ecarter_inchanges(suivi: Suivi, lus: list[DroitLu], restants: list[DroitLu]) -> list[DroitLu]:
        a_placer = []
        for lu in lus:
            identique = next((autre for autre in restants if lu.vaut(autre, suivi.rangs)), None)
            if identique is None:
                a_placer.append(lu)
            else:
                restants.remove(identique)
                suivi.compte.inchanges += 1
        return a_placer

    def _modifier(self, suivi: Suivi, lu: DroitLu, remplace: DroitLu) -> None:
        droit = Droit.objects.get(pk=remplace.pk)
        for nom in _SIMPLES:
            if suivi.a(nom):
                setattr(droit, nom, lu.valeurs[nom])
        droit.save(force_update=True)
        droit.perimetre.set(Territoire.objects.filter(pk__in=lu.perimetre))
        if suivi.a("assiette"):
            droit.assiette.set(Territoire.objects.filter(pk__in=lu.assiette))
        self._compter(suivi, lu, remplace)

    @staticmethod
    def _creer(neufs: list[tuple[int, DroitLu]]) -> None:
        droits = Droit.objects.bulk_create([Droit(convention_id=convention, **lu.valeurs) for convention, lu in neufs])
        liens: tuple[tuple[type[models.Model], list[frozenset[str]]], ...] = (
            (Droit.perimetre.through, [lu.perimetre for _, lu in neufs]),
            (Droit.assiette.through, [lu.assiette for _, lu in neufs]),
        )
        for modele, territoires in liens:
            modele._default_manager.bulk_create(
                modele(droit_id=droit.pk, territoire_id=code)
                for droit, codes in zip(droits, territoires, strict=True)
                for code in sorted(codes)
            )

    @staticmethod
    def _compter(suivi: Suivi, lu: DroitLu, remplace: DroitLu | None) -> None:
        if lu.ligne is None:
            return
        champs = {}
        for nom in _SIMPLES:
            ancien = remplace.valeurs[nom] if remplace else None
            if ancien != lu.valeurs[nom]:
                champs[nom] = (_en_texte(ancien), _en_texte(lu.valeurs[nom]))
        if remplace is None:
            suivi.compte.crees += 1
        else:
            suivi.compte.modifies += 1
        suivi.changer(lu.ligne, "cree" if remplace is None else "modifie", champs)


def _se_remplacent(lu: DroitLu, autre: DroitLu) -> bool:
    return all(lu.valeurs[nom] == autre.valeurs[nom] for nom in ("contrepartie", "sous_contingent"))


def _lire_droits(conventions: list[int]) -> dict[int, list[DroitLu]]:
    droits: dict[int, list[DroitLu]] = defaultdict(list)
    requete = (
        Droit.objects.filter(convention__in=conventions)
        .prefetch_related(_codes("perimetre"), _codes("assiette"))
        .order_by("pk")
    )
    for droit in requete:
        droits[droit.convention_id].append(
            DroitLu(
                {nom: getattr(droit, nom) for nom in _SIMPLES},
                frozenset(territoire.code for territoire in droit.perimetre.all()),
                frozenset(territoire.code for territoire in droit.assiette.all()),
                pk=droit.pk,
            )
        )
    return droits


def _codes(relation: str) -> Prefetch[Any]:
    return Prefetch(relation, Territoire.objects.only("code"))


def _est_dedans(connus: dict[tuple[str, str], bool], petit: str, grand: str) -> bool:
    """Vrai si toutes les communes du premier territoire sont dans le second."""
    if (petit, grand) not in connus:
        dehors = TerritoireCommune.objects.filter(territoire=petit).exclude(
            commune__in=TerritoireCommune.objects.filter(territoire=grand).values("commune")
        )
        connus[petit, grand] = petit == grand or not dehors.exists()
    return connus[petit, grand]


def _touche(connus: dict[tuple[str, str], bool], territoire: str, departement: str) -> bool:
    """Vrai si une commune au moins du territoire est dans le département."""
    cle = (territoire, departement)
    if cle not in connus:
        communes = TerritoireCommune.objects.filter(territoire=territoire, commune__departement=departement)
        connus[cle] = communes.exists()
    return connus[cle]


def _en_texte(valeur: Any) -> str:
    if valeur is None:
        return ""
    return f"{valeur.normalize():f}" if isinstance(valeur, Decimal) else str(valeur)
