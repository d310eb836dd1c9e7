"""Trouver les autorités d'un territoire et leur organisme dans le carnet (RG-17, RG-18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from conventions.domaine.autorites import Autorite, TerritoireTouche, autorites_concernees
from conventions.models import Convention, Logement, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.territoires.models import Commune, Departement, Territoire, TerritoireCommune


@dataclass(frozen=True, slots=True)
class Destinataire:
    """Une autorité ou un réservataire à qui envoyer ; `organisme` vide : personne dans le carnet."""

    nom: str
    qualite: str
    territoire: str
    organisme: Organisme | None

    @property
    def est_connu(self) -> bool:
        """Vrai si le carnet a un organisme pour ce destinataire."""
        return self.organisme is not None


def charger_autorites(bailleur_id: int, departement: str, communes: Iterable[str] | None = None) -> list[Destinataire]:
    """Les autorités concernées par les logements du bailleur dans le département (ou sur ces communes) ; trois requêtes."""
    logements = Logement.objects.filter(bailleur_id=bailleur_id, commune__departement_id=departement)
    if communes is not None:
        logements = logements.filter(commune_id__in=list(communes))
    par_commune = dict(logements.values_list("commune_id").annotate(nombre=Count("pk")))
    touches: dict[str, TerritoireTouche] = {}
    lignes = TerritoireCommune.objects.filter(commune_id__in=par_commune).values_list(
        "territoire_id", "territoire__nature", "territoire__nom", "territoire__siren", "commune_id"
    )
    for code, nature, nom, siren, commune in lignes:
        deja = touches[code].logements if code in touches else 0
        touches[code] = TerritoireTouche(code, nature, nom, siren, deja + par_commune[commune])
    nom_departement = Departement.objects.values_list("nom", flat=True).get(pk=departement)
    autorites = autorites_concernees(departement, nom_departement, touches.values())
    return _avec_organismes(autorites)


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


def _avec_organismes(autorites: list[Autorite]) -> list[Destinataire]:
    """Rattache chaque autorité à l'organisme du carnet dont c'est le territoire."""
    codes = [autorite.territoire for autorite in autorites]
    organismes: dict[str, Organisme] = {}
    natures = {"departement": "etat"}
    for organisme in Organisme.objects.filter(territoire_id__in=codes, nature__in=["etat", "collectivite"]).order_by(
        "pk"
    ):
        code = organisme.territoire_id or ""
        attendue = natures.get(code.partition(":")[0], "collectivite")
        if organisme.nature == attendue:
            organismes.setdefault(code, organisme)
    return [
        Destinataire(
            f"{autorite.qualite}, {autorite.nom}",
            autorite.qualite,
            autorite.territoire,
            organismes.get(autorite.territoire),
        )
        for autorite in autorites
    ]
