"""Tableau `conventions` (RG-10 à RG-16) : une ligne est une version ; `avenant_de` chaîne les versions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.db import connection
from django.db.models.functions import Coalesce

from conventions.domaine.codes import EtatConvention, Report
from conventions.models import Bailleur, Convention, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.echanges.colonnes import Colonne, Siren, Texte, taux
from flux_reservations.echanges.masse import MiseDeCote, attributs_de, valeurs_par_defaut
from flux_reservations.echanges.modele import TableauModele, colonne_de
from flux_reservations.echanges.references import DEPARTEMENT, chercher_reservataires, resoudre_bailleurs
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Departement

UN_JOUR = dt.timedelta(days=1)
RESERVE_AU_RESPONSABLE = (
    "Signer, résilier ou changer une convention signée est réservé à un responsable : demandez-lui de faire cet import."
)
_CHAMPS_DU_JOURNAL = (
    "etat",
    "date_signature",
    "date_effet",
    "date_fin",
    "date_resiliation",
    "remplacee_le",
    "derogation_taux",
    "derogation_taux_agents",
)


@dataclass(slots=True)
class Version:
    """Une version de convention telle qu'elle sera : venue du fichier (`ligne`) ou seulement de la base."""

    pk: int
    valeurs: dict[str, Any]
    ancien: dict[str, Any] | None
    ligne: Ligne | None = None


@dataclass(slots=True)
class ReserveConventions:
    """Toutes les lignes du fichier, puis les versions qui en découlent."""

    lignes: list[Ligne] = field(default_factory=list)
    versions: dict[tuple[int, str], Version] = field(default_factory=dict)


class Conventions(TableauModele):
    """Le tableau `conventions`."""

    nom = "conventions"
    modele = Convention
    colonne_cle = "numero"
    cle_base = ("bailleur_id", "numero")
    colonnes: ClassVar = (
        colonne_de(Convention, "numero", obligatoire=True),
        Colonne("bailleur", Siren(), obligatoire=True),
        Colonne("reservataire", Texte(40), obligatoire=True),
        Colonne("departement", DEPARTEMENT, obligatoire=True),
        *(
            colonne_de(Convention, nom)
            for nom in (
                "date_signature",
                "date_effet",
                "date_fin",
                "gestion",
                "delai_presentation_jours",
                "delai_unite",
                "carence_decomptee",
                "fait_generateur",
                "report",
                "report_plafond",
                "nb_candidats",
            )
        ),
        Colonne("delegataire", Texte(40), defaut=""),
        colonne_de(Convention, "motif_perimetre"),
        colonne_de(Convention, "premieres_locations"),
        colonne_de(Convention, "part_hors_qpv_min", taux()),
        colonne_de(Convention, "garde_hors_qpv"),
        colonne_de(Convention, "derogation_taux", taux()),
        colonne_de(Convention, "derogation_taux_agents", taux()),
        *(
            colonne_de(Convention, nom)
            for nom in ("derogation_motif", "derogation_arrete", "derogation_debut", "derogation_fin")
        ),
        Colonne("avenant_de", Texte(60), defaut=""),
        *(
            colonne_de(Convention, nom)
            for nom in (
                "date_resiliation",
                "motif_fin",
                "date_proposition",
                "date_signature_bailleur",
                "date_signature_reservataire",
                "motif_sous_trente",
            )
        ),
    )

    def traiter(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Retient les lignes : une chaîne de versions se juge entière."""
        if suivi.reserve is None:
            suivi.reserve = ReserveConventions()
        self.resoudre(suivi, lot)
        suivi.reserve.lignes += [ligne for ligne in lot if ligne.cle and not ligne.fautive and suivi.retenir_cle(ligne)]

    def resoudre(self, suivi: Suivi, lot: list[Ligne]) -> None:
        """Bailleur, réservataire, département, délégataire."""
        resoudre_bailleurs(suivi, lot)
        reservataires = chercher_reservataires(suivi, lot)
        departements = set(Departement.objects.values_list("code", flat=True))
        delegataires = _lire_delegataires({ligne.valeurs.get("delegataire") or "" for ligne in lot})
        for ligne in lot:
            self.poser_champs_simples(suivi, ligne)
            departement = ligne.valeurs.get("departement")
            if departement is not None and departement not in departements:
                suivi.refuser(ligne, "departement", "Département inconnu : mettez son code INSEE (94, 2A, 974).")
            reservataire = reservataires.get(ligne.valeurs.get("reservataire", ""))
            if (
                reservataire is None
                or ligne.bailleur_id is None
                or departement is None
                or "numero" not in ligne.valeurs
            ):
                continue
            ligne.champs |= {
                "bailleur_id": ligne.bailleur_id,
                "reservataire_id": reservataire.pk,
                "departement_id": departement,
            }
            self._poser_delegataire(suivi, ligne, delegataires)
            ligne.cle = (ligne.bailleur_id, ligne.valeurs["numero"])

    def conclure(self, suivi: Suivi) -> None:
        """Chaîne les avenants, contrôle chaque version, puis l'unicité (RG-10)."""
        reserve: ReserveConventions = suivi.reserve
        self._composer_versions(reserve)
        self._chainer(suivi, reserve)
        for version in reserve.versions.values():
            if version.ligne is not None and not version.ligne.fautive:
                self._controler_version(suivi, version.ligne, version.valeurs)
        self._reserver_au_responsable(suivi, reserve)
        self._controler_unicite(suivi, reserve)
        if not suivi.compte.erreurs:
            self._comparer(suivi, reserve)

    def ecrire(self, suivi: Suivi) -> None:
        """Écrit en deux temps : les versions changées perdent un instant leur vigueur, pour ne jamais se recouvrir en chemin."""
        reserve: ReserveConventions = suivi.reserve
        cote = MiseDeCote(Convention)
        neuves = [(v.pk, v.valeurs) for v in reserve.versions.values() if v.ancien is None]
        changees = [
            (v.pk, v.valeurs) for v in reserve.versions.values() if v.ancien is not None and v.valeurs != v.ancien
        ]
        cote.creer(neuves)
        cote.modifier(changees)
        if changees:
            with connection.cursor() as curseur:
                curseur.execute(
                    "UPDATE conventions_convention SET etat = %s, date_signature = NULL, avenant_de_id = NULL WHERE id = ANY(%s)",
                    [EtatConvention.BROUILLON.value, [pk for pk, _ in changees]],
                )
        cote.ecrire_modifications()
        cote.ecrire_creations()
        cote.fermer()
        if not suivi.contexte.acteur.est_systeme:
            self._journaliser(suivi, reserve)

    @staticmethod
    def _journaliser(suivi: Suivi, reserve: ReserveConventions) -> None:
        """Une entrée par convention qui entre dans l'état signé, en sort ou y change : l'import d'une personne est un acte."""
        changees = {
            version.pk: version
            for version in reserve.versions.values()
            if version.valeurs != version.ancien
            and EtatConvention.SIGNEE in {version.valeurs["etat"], version.ancien["etat"] if version.ancien else ""}
        }
        for convention in Convention.objects.filter(pk__in=changees).order_by("pk"):
            ancien, valeurs = changees[convention.pk].ancien or {}, changees[convention.pk].valeurs
            champs = [nom for nom in _CHAMPS_DU_JOURNAL if ancien.get(nom) != valeurs[nom]]
            journaliser(
                acteur=suivi.contexte.acteur,
                action="importer_convention",
                objet=convention,
                organisme_id=convention.bailleur_id,
                avant={nom: ancien.get(nom) for nom in champs},
                apres={nom: valeurs[nom] for nom in champs} | {"fichier": suivi.compte.fichier},
            )

    def exporter(self, bailleur: Bailleur) -> Iterator[Mapping[str, Any]]:
        """Toutes les versions, la première d'une chaîne avant ses avenants."""
        requete = (
            Convention.objects.filter(bailleur=bailleur)
            .select_related("reservataire", "avenant_de", "delegataire")
            .order_by(Coalesce("origine__numero", "numero"), "date_effet", "numero")
        )
        codes = dict(Reservataire.objects.filter(pk__in=requete.values("delegataire")).values_list("pk", "code"))
        return self.exporter_requete(
            requete,
            bailleur=lambda _: bailleur.siren,
            reservataire=lambda convention: convention.reservataire.code,
            departement=lambda convention: convention.departement_id,
            delegataire=lambda convention: _nommer_delegataire(convention, codes),
            avenant_de=lambda convention: convention.avenant_de.numero if convention.avenant_de else "",
        )

    def _poser_delegataire(self, suivi: Suivi, ligne: Ligne, delegataires: dict[str, int]) -> None:
        code = ligne.valeurs.get("delegataire")
        if code is None:
            return
        if not code:
            ligne.champs["delegataire_id"] = None
        elif code == "BAILLEUR":
            ligne.champs["delegataire_id"] = ligne.bailleur_id
        elif code in delegataires:
            ligne.champs["delegataire_id"] = delegataires[code]
        else:
            suivi.refuser(
                ligne,
                "delegataire",
                "Délégataire inconnu : mettez BAILLEUR, un code de réservataire ou un SIREN connu.",
            )

    def _composer_versions(self, reserve: ReserveConventions) -> None:
        """Les versions du fichier par-dessus toutes celles des mêmes parties, et celles qu'un avenant cite."""
        bailleurs = {ligne.bailleur_id for ligne in reserve.lignes}
        attributs = attributs_de(Convention)
        for pk, *valeurs in Convention.objects.filter(bailleur__in=bailleurs).values_list("pk", *attributs):
            ancien = dict(zip(attributs, valeurs, strict=True))
            reserve.versions[ancien["bailleur_id"], ancien["numero"]] = Version(pk, dict(ancien), ancien)
        neuves = [ligne for ligne in reserve.lignes if ligne.cle not in reserve.versions]
        identifiants = MiseDeCote(Convention).reserver(len(neuves)) if neuves else []
        defauts = valeurs_par_defaut(Convention)
        for ligne, pk in zip(neuves, identifiants, strict=True):
            reserve.versions[ligne.cle] = Version(pk, dict(defauts), None)
        for ligne in reserve.lignes:
            version = reserve.versions[ligne.cle]
            version.ligne = ligne
            version.valeurs |= ligne.champs
            _deduire_etat(version.valeurs)

    def _chainer(self, suivi: Suivi, reserve: ReserveConventions) -> None:
        """Pose `avenant_de`, `origine` et la date où une version est remplacée."""
        par_pk = {version.pk: version for version in reserve.versions.values()}
        for ligne in reserve.lignes:
            numero = ligne.valeurs.get("avenant_de")
            if numero is None:
                continue
            version = reserve.versions[ligne.cle]
            precedente = reserve.versions.get((ligne.cle[0], numero)) if numero else None
            if numero and precedente is None:
                if suivi.contexte.est_annonce(self.nom, numero):
                    ligne.fautive = True
                else:
                    suivi.refuser(
                        ligne,
                        "avenant_de",
                        f"Convention inconnue : « {numero} ». Un avenant cite une version de ce bailleur.",
                    )
            version.valeurs["avenant_de_id"] = precedente.pk if precedente else None
        avenants: dict[int, Version] = {}
        for version in sorted(reserve.versions.values(), key=lambda v: v.ligne is not None):
            precedente_id = version.valeurs["avenant_de_id"]
            if precedente_id is None:
                version.valeurs["origine_id"] = None
                continue
            autre = avenants.setdefault(precedente_id, version)
            if autre is not version and version.ligne is not None:
                message = (
                    f"La convention citée a déjà un avenant ({autre.valeurs['numero']}) : citez la dernière version."
                )
                suivi.refuser(version.ligne, "avenant_de", message)
            self._poser_origine(suivi, version, par_pk)
        self._refuser_les_avenants_trop_tot(suivi, avenants, par_pk)
        for version in reserve.versions.values():
            suivante = avenants.get(version.pk)
            if version.ligne is None and (suivante is None or suivante.ligne is None):
                continue
            signe = suivante is not None and suivante.valeurs["etat"] == EtatConvention.SIGNEE
            version.valeurs["remplacee_le"] = suivante.valeurs["date_effet"] if suivante and signe else None

    @staticmethod
    def _refuser_les_avenants_trop_tot(suivi: Suivi, avenants: dict[int, Version], par_pk: dict[int, Version]) -> None:
        """Comme à l'écran : un avenant signé prend effet après la version qu'il remplace, qui sinon n'aurait jamais couru (RG-16)."""
        for precedente, avenant in avenants.items():
            avant, apres = par_pk[precedente].valeurs["date_effet"], avenant.valeurs["date_effet"]
            signe = avenant.valeurs["etat"] == EtatConvention.SIGNEE
            if avenant.ligne is not None and signe and avant and apres and apres <= avant:
                suivi.refuser(
                    avenant.ligne, "date_effet", "L'avenant prend effet après la version qu'il remplace (RG-16)."
                )

    @staticmethod
    def _poser_origine(suivi: Suivi, version: Version, par_pk: dict[int, Version]) -> None:
        vues, courante = {version.pk}, version
        while (precedente_id := courante.valeurs["avenant_de_id"]) is not None:
            if precedente_id in vues:
                if version.ligne is not None:
                    suivi.refuser(
                        version.ligne,
                        "avenant_de",
                        "Une convention n'est pas l'avenant d'elle-même : la chaîne tourne en rond.",
                    )
                return
            vues.add(precedente_id)
            courante = par_pk[precedente_id]
        version.valeurs["origine_id"] = courante.pk
        if version.ligne is not None:
            for champ, colonne in (("reservataire_id", "reservataire"), ("departement_id", "departement")):
                if courante.valeurs[champ] != version.valeurs[champ]:
                    suivi.refuser(
                        version.ligne,
                        colonne,
                        f"Un avenant garde les parties et le département de la convention ({courante.valeurs['numero']}).",
                    )

    @staticmethod
    def _controler_version(suivi: Suivi, ligne: Ligne, valeurs: dict[str, Any]) -> None:
        """Ce que la base refuserait, dit à sa ligne."""
        debut, fin = valeurs["date_effet"], valeurs["date_fin"]
        if debut and fin and fin < debut:
            suivi.refuser(
                ligne, "date_fin", f"Le terme précède la date d'effet ({debut.isoformat()}) : corrigez l'une des deux."
            )
        if valeurs["report_plafond"] is not None and valeurs["report"] != Report.PLAFONNE:
            suivi.refuser(
                ligne, "report_plafond", "Un plafond suppose report = plafonne : mettez plafonne, ou videz la cellule."
            )
        if valeurs["report"] == Report.PLAFONNE and valeurs["report_plafond"] is None:
            suivi.refuser(
                ligne, "report_plafond", "Un report plafonné a un plafond, en logements : remplissez la cellule."
            )
        if valeurs["derogation_taux"] is not None or valeurs["derogation_taux_agents"] is not None:
            for colonne in ("derogation_debut", "derogation_fin"):
                if valeurs[colonne] is None:
                    suivi.refuser(ligne, colonne, "Une dérogation préfectorale a un début et une fin (RG-14).")
        if (
            valeurs["derogation_debut"]
            and valeurs["derogation_fin"]
            and valeurs["derogation_fin"] < valeurs["derogation_debut"]
        ):
            suivi.refuser(ligne, "derogation_fin", "La fin de la dérogation précède son début.")

    @staticmethod
    def _reserver_au_responsable(suivi: Suivi, reserve: ReserveConventions) -> None:
        """Signer, résilier, ou changer une version signée est un acte de responsable, par fichier comme à l'écran."""
        if suivi.contexte.acteur.peut(Role.RESPONSABLE):
            return
        for version in reserve.versions.values():
            ancien, valeurs = version.ancien, version.valeurs
            signee = EtatConvention.SIGNEE in {valeurs["etat"], ancien["etat"] if ancien else ""} or any(
                valeurs[nom] != (ancien or {}).get(nom)
                for nom in ("date_signature_bailleur", "date_signature_reservataire")
            )
            if version.ligne is not None and signee and valeurs != ancien:
                suivi.refuser(version.ligne, "date_signature", RESERVE_AU_RESPONSABLE)

    @staticmethod
    def _controler_unicite(suivi: Suivi, reserve: ReserveConventions) -> None:
        """Au plus une version en vigueur à une date par bailleur, réservataire et département (RG-10)."""
        groupes: dict[tuple[Any, ...], list[tuple[dt.date, dt.date, Version]]] = defaultdict(list)
        for version in reserve.versions.values():
            periode = periode_de_vigueur(version.valeurs)
            if periode:
                valeurs = version.valeurs
                groupes[valeurs["bailleur_id"], valeurs["reservataire_id"], valeurs["departement_id"]].append(
                    (*periode, version)
                )
        for groupe in groupes.values():
            groupe.sort(key=lambda element: element[:2])
            fin_precedente, precedente = dt.date.min, None
            for debut, fin, version in groupe:
                if precedente is not None and debut <= fin_precedente:
                    _dire_recouvrement(suivi, precedente, version)
                if fin >= fin_precedente:
                    fin_precedente, precedente = fin, version

    def _comparer(self, suivi: Suivi, reserve: ReserveConventions) -> None:
        """Compte ce que le fichier change."""
        defauts = valeurs_par_defaut(Convention)
        for version in reserve.versions.values():
            if version.ligne is None:
                continue
            if version.ancien is None:
                self.compter(suivi, version.ligne, "cree", self.differences(suivi, defauts, version.valeurs))
            elif all(version.ancien[nom] == valeur for nom, valeur in version.valeurs.items() if nom != "remplacee_le"):
                suivi.compte.inchanges += 1
            else:
                self.compter(suivi, version.ligne, "modifie", self.differences(suivi, version.ancien, version.valeurs))


def periode_de_vigueur(valeurs: Mapping[str, Any]) -> tuple[dt.date, dt.date] | None:
    """Premier et dernier jour où une version court (RG-16), comme la base les calcule ; rien si elle ne court jamais."""
    if valeurs["etat"] != EtatConvention.SIGNEE or valeurs["date_effet"] is None:
        return None
    veille = valeurs["remplacee_le"] - UN_JOUR if valeurs["remplacee_le"] else None
    fin = min(filter(None, (valeurs["date_fin"], valeurs["date_resiliation"], veille)), default=dt.date.max)
    return (valeurs["date_effet"], fin) if fin >= valeurs["date_effet"] else None


def _deduire_etat(valeurs: dict[str, Any]) -> None:
    """Signée si elle a une date de signature ; l'effet est alors celui de la signature, à défaut d'autre."""
    if valeurs["date_signature"] is not None:
        valeurs["etat"] = EtatConvention.SIGNEE.value
        valeurs["date_effet"] = valeurs["date_effet"] or valeurs["date_signature"]
    elif valeurs["date_proposition"] is not None:
        valeurs["etat"] = EtatConvention.PROPOSEE.value
    elif valeurs["etat"] == EtatConvention.SIGNEE:
        valeurs["etat"] = EtatConvention.BROUILLON.value


def _dire_recouvrement(suivi: Suivi, premiere: Version, seconde: Version) -> None:
    fautive, autre = (seconde, premiere) if seconde.ligne is not None else (premiere, seconde)
    if fautive.ligne is not None and not fautive.ligne.fautive:
        message = (
            f"Une autre convention de ce réservataire est en vigueur aux mêmes dates ({autre.valeurs['numero']}, RG-10) : "
            "datez sa fin, ou dites avenant_de."
        )
        suivi.refuser(fautive.ligne, "date_effet", message)


def _lire_delegataires(codes: set[str]) -> dict[str, int]:
    """Organismes cités comme délégataires, par code de réservataire ou par SIREN."""
    codes = codes - {"", "BAILLEUR"}
    if not codes:
        return {}
    par_siren = Organisme.objects.filter(siren__in=codes).exclude(nature=Nature.PLATEFORME.value).order_by("-pk")
    return dict(par_siren.values_list("siren", "pk")) | dict(
        Reservataire.objects.filter(code__in=codes).values_list("code", "pk")
    )


def _nommer_delegataire(convention: Convention, codes: dict[int, str]) -> str:
    if convention.delegataire is None:
        return ""
    if convention.delegataire_id == convention.bailleur_id:
        return "BAILLEUR"
    return codes.get(convention.delegataire.pk, convention.delegataire.siren)
