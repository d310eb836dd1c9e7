"""Trouver les autorités d'un territoire et leur organisme dans le carnet (RG-17, RG-18)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from conventions.domaine.autorites import Autorite, TerritoireTouche, autorites_concernees
from conventions.domaine.codes import VoieDeRemise
from conventions.models import ContactAutorite, Convention, Droit, Logement, Reservataire
from conventions.models.carnet import PARTAGEURS, rang_de_confiance
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.autorites import autorite_du_territoire, autres_noms
from flux_reservations.territoires.models import Commune, Departement, Territoire, TerritoireCommune


@dataclass(frozen=True, slots=True)
class Destinataire:
    """Une autorité à qui envoyer : son organisme sur la plateforme et son contact au carnet, l'un ou l'autre pouvant manquer."""

    nom: str
    qualite: str
    territoire: str
    organisme: Organisme | None
    contact: ContactAutorite | None = None

    @property
    def est_connu(self) -> bool:
        """Vrai si l'on sait à qui remettre : un organisme de la plateforme, ou un contact au carnet."""
        return self.organisme is not None or self.contact is not None

    @property
    def voie(self) -> str:
        """Comment elle reçoit, en clair."""
        if self.contact is not None:
            return self.contact.get_voie_display()
        return VoieDeRemise.PORTAIL.libelle if self.organisme is not None else "À saisir"

    @property
    def courriel(self) -> str:
        """L'adresse où partira l'avis ; vide si la remise se fait en recommandé, ou si l'on n'en connaît pas."""
        if self.contact is not None and self.contact.voie == VoieDeRemise.RECOMMANDE:
            return ""
        if self.contact is not None and self.contact.courriel:
            return self.contact.courriel
        return self.organisme.courriel if self.organisme is not None else ""

    @property
    def concerne_par_la_reforme(self) -> bool:
        """Vrai pour un EPCI dit concerné par la réforme des attributions (RG-60)."""
        return self.contact is not None and self.contact.concerne_par_la_reforme


def charger_autorites(bailleur_id: int, departement: str, communes: Iterable[str] | None = None) -> list[Destinataire]:
    """Les autorités concernées par les logements du bailleur dans le département (ou sur ces communes) ; cinq requêtes."""
    return charger_autorites_par_perimetre(bailleur_id, departement, {0: communes})[0]


def charger_autorites_par_perimetre(
    bailleur_id: int, departement: str, perimetres: Mapping[int, Iterable[str] | None]
) -> dict[int, list[Destinataire]]:
    """Les autorités concernées sur chacun de ces ensembles de communes (None : le département), dans le même nombre de requêtes."""
    logements = Logement.objects.filter(bailleur_id=bailleur_id, commune__departement_id=departement)
    par_commune = dict(logements.values_list("commune_id").annotate(nombre=Count("pk")))
    lignes = list(
        TerritoireCommune.objects.filter(commune_id__in=par_commune).values_list(
            "territoire_id", "territoire__nature", "territoire__nom", "territoire__siren", "commune_id"
        )
    )
    nom_departement = Departement.objects.values_list("nom", flat=True).get(pk=departement)
    autorites: dict[int, list[Autorite]] = {}
    for cle, communes in perimetres.items():
        gardees = par_commune.keys() if communes is None else par_commune.keys() & set(communes)
        touches: dict[str, TerritoireTouche] = {}
        for code, nature, nom, siren, commune in lignes:
            if commune in gardees:
                deja = touches[code].logements if code in touches else 0
                touches[code] = TerritoireTouche(code, nature, nom, siren, deja + par_commune[commune])
        autorites[cle] = list(autorites_concernees(departement, nom_departement, touches.values()))
    toutes = [un for liste in autorites.values() for un in liste]
    suite = iter(_avec_organismes(toutes, charger_contacts(bailleur_id, departement, {un.territoire for un in toutes})))
    return {cle: [next(suite) for _ in liste] for cle, liste in autorites.items()}


def charger_autorites_du_departement(organisme_id: int, departement: Departement) -> list[Destinataire]:
    """Toutes les autorités du département, concernées ou non, vues du carnet de cet organisme ; quatre requêtes."""
    touches = [
        TerritoireTouche(territoire.pk, territoire.nature, territoire.nom, territoire.siren, 1)
        for territoire in Territoire.objects.touchant_le_departement(departement)
    ]
    autorites = autorites_concernees(departement.pk, departement.nom, touches)
    return _avec_organismes(
        autorites, charger_contacts(organisme_id, departement.pk, [un.territoire for un in autorites])
    )


def charger_reservataires_du_departement(bailleur_id: int, departement: str) -> list[Reservataire]:
    """Tous les réservataires qui ont un droit chez ce bailleur dans le département : conventions ou stock (RG-18, RG-60)."""
    conventionnes = Convention.objects.filter(bailleur_id=bailleur_id, departement_id=departement).values(
        "reservataire_id"
    )
    en_stock = Reservataire.objects.filter(
        reservations_stock__logement__bailleur_id=bailleur_id,
        reservations_stock__logement__commune__departement_id=departement,
    ).values("pk")
    return list(Reservataire.objects.filter(pk__in=conventionnes.union(en_stock)).order_by("nom"))


def communes_des_droits(convention: Convention) -> set[str]:
    """Communes du périmètre d'une convention."""
    territoires = Territoire.objects.filter(pk__in=convention.droits.values("perimetre"))
    return set(Commune.objects.du_territoire(*territoires).values_list("pk", flat=True))


def communes_par_convention(conventions: Iterable[int]) -> dict[int, set[str]]:
    """Communes du périmètre de chacune de ces conventions (deux requêtes)."""
    perimetres = list(Droit.objects.filter(convention__in=list(conventions)).values_list("convention_id", "perimetre"))
    communes: dict[str, set[str]] = {}
    couples = TerritoireCommune.objects.filter(territoire_id__in={code for _, code in perimetres if code})
    for territoire, commune in couples.values_list("territoire_id", "commune_id"):
        communes.setdefault(territoire, set()).add(commune)
    trouvees: dict[int, set[str]] = {}
    for convention, territoire in perimetres:
        trouvees.setdefault(convention, set()).update(communes.get(territoire, ()))
    return trouvees


def charger_contacts(organisme_id: int, departement: str, territoires: Iterable[str]) -> dict[str, ContactAutorite]:
    """Le contact du jour de chaque territoire : celui que tient l'organisme, sinon l'État du lieu, sinon la plateforme (une requête)."""
    contacts: dict[str, ContactAutorite] = {}
    lignes = (
        ContactAutorite.objects.filter(territoire_id__in=list(territoires))
        .filter(Q(tenu_par_id=organisme_id) | Q(tenu_par__nature__in=PARTAGEURS))
        .valables_le(timezone.localdate())
        .select_related("tenu_par")
        .order_by(rang_de_confiance(organisme_id, departement), "-depuis", "pk")
    )
    for contact in lignes:
        contacts.setdefault(contact.territoire_id, contact)
    return contacts


def _avec_organismes(autorites: list[Autorite], contacts: Mapping[str, ContactAutorite]) -> list[Destinataire]:
    """Rattache chaque autorité à l'organisme dont c'est le territoire, et à son contact."""
    codes = {nom for autorite in autorites for nom in autres_noms(autorite.territoire)}
    organismes: dict[str, Organisme] = {}
    for organisme in Organisme.objects.filter(territoire_id__in=codes, nature__in=["etat", "collectivite"]).order_by(
        "pk"
    ):
        code = organisme.territoire_id or ""
        recoit = code if organisme.nature == Nature.ETAT else autorite_du_territoire(code)
        organismes.setdefault(recoit, organisme)
    return [
        Destinataire(
            f"{autorite.qualite}, {autorite.nom}",
            autorite.qualite,
            autorite.territoire,
            organismes.get(autorite.territoire),
            contacts.get(autorite.territoire),
        )
        for autorite in autorites
    ]
