"""L'acteur : au nom de quel organisme, et avec quel rôle, une personne ou un processus agit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from flux_reservations.commun.autorites import autorite_du_territoire


class Nature(StrEnum):
    """Ce qu'est l'organisme au nom duquel on agit (domaine.md § 6)."""

    BAILLEUR = "bailleur"
    RESERVATAIRE = "reservataire"
    ETAT = "etat"
    COLLECTIVITE = "collectivite"
    PLATEFORME = "plateforme"
    CALEOL = "caleol"
    SYSTEME = "systeme"
    ANONYME = "anonyme"


class Role(StrEnum):
    """Rôle d'une personne dans un organisme ; un membre de la CALEOL n'y voit que ses séances (`Nature.CALEOL`)."""

    MEMBRE = "membre"
    LECTEUR = "lecteur"
    GESTIONNAIRE = "gestionnaire"
    RESPONSABLE = "responsable"
    ADMINISTRATEUR = "administrateur"


class Service(StrEnum):
    """Service de l'État au nom duquel une personne agit : tout le contingent, ou l'un de ses deux sous-contingents (RG-03)."""

    TOUS = ""
    PRIORITAIRES = "prioritaires"
    AGENTS = "agents"


_SOUS_CONTINGENTS = {
    Service.PRIORITAIRES: frozenset({"prioritaires", "repli"}),
    Service.AGENTS: frozenset({"agents"}),
}
"""Ce que sert chaque service : le repli (RG-19) loge les mêmes publics que les prioritaires."""


def service_de(sous_contingent: str) -> Service:
    """Le service de l'État que regarde un sous-contingent ; aucun pour les autres comptes."""
    return next((service for service, siens in _SOUS_CONTINGENTS.items() if sous_contingent in siens), Service.TOUS)


_RANG_ROLE = {Role.MEMBRE: -1, Role.LECTEUR: 0, Role.GESTIONNAIRE: 1, Role.RESPONSABLE: 2, Role.ADMINISTRATEUR: 2}


@dataclass(frozen=True, slots=True)
class Acteur:
    """Qui agit. `organisme_id` est vide pour le système et l'anonyme ; `nom` sert au journal et à l'écran ; `jeton_id`, à un logiciel."""

    nature: Nature
    role: Role
    organisme_id: int | None = None
    utilisateur_id: int | None = None
    nom: str = ""
    territoire: str = ""
    service: Service = Service.TOUS
    jeton_id: int | None = None

    @classmethod
    def systeme(cls, nom: str = "système") -> Acteur:
        """Le processus lui-même (commande, tâche) : voit tout, agit en responsable, et le journal le dit."""
        return cls(nature=Nature.SYSTEME, role=Role.RESPONSABLE, nom=nom)

    @classmethod
    def anonyme(cls) -> Acteur:
        """Une personne non connectée : ne voit rien de privé."""
        return cls(nature=Nature.ANONYME, role=Role.LECTEUR)

    @property
    def organisme(self) -> int:
        """Identifiant de l'organisme pour un filtre ; zéro, qui n'est celui de personne, quand il n'y en a pas."""
        return self.organisme_id or 0

    @property
    def est_systeme(self) -> bool:
        """Vrai pour une commande ou une tâche."""
        return self.nature is Nature.SYSTEME

    @property
    def est_bailleur(self) -> bool:
        """Vrai pour un agent de bailleur."""
        return self.nature is Nature.BAILLEUR

    @property
    def est_reservataire(self) -> bool:
        """Vrai pour qui détient des droits : réservataire, collectivité ou État."""
        return self.nature in {Nature.RESERVATAIRE, Nature.ETAT, Nature.COLLECTIVITE}

    @property
    def veille_sur_un_territoire(self) -> bool:
        """Vrai pour l'État, et pour la collectivité à qui se transmettent les conventions de son territoire (RG-17, § 6)."""
        suivi = self.nature is Nature.COLLECTIVITE and bool(autorite_du_territoire(self.territoire))
        return suivi or self.nature is Nature.ETAT

    def peut(self, role: Role) -> bool:
        """Vrai si le rôle de l'acteur vaut au moins `role`."""
        return _RANG_ROLE[self.role] >= _RANG_ROLE[role]

    @property
    def sous_contingents(self) -> frozenset[str]:
        """Les sous-contingents de son service ; vide s'il n'est pas borné."""
        return _SOUS_CONTINGENTS.get(self.service, frozenset())

    def sert(self, sous_contingent: str) -> bool:
        """Vrai si ce sous-contingent regarde le service de l'acteur."""
        return self.service is Service.TOUS or sous_contingent in self.sous_contingents

    def avec_role(self, role: Role) -> Acteur:
        """Le même acteur avec un autre rôle."""
        return replace(self, role=role)
