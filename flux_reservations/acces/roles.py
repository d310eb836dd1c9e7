"""Les rôles d'une personne dans un organisme, et la nature d'un organisme, tels qu'on les écrit (domaine.md § 6)."""

from __future__ import annotations

from flux_reservations.commun.acteur import Nature, Role

ROLES = [
    (Role.MEMBRE.value, "Membre de la CALEOL"),
    (Role.LECTEUR.value, "Lecteur"),
    (Role.GESTIONNAIRE.value, "Gestionnaire"),
    (Role.RESPONSABLE.value, "Responsable"),
    (Role.ADMINISTRATEUR.value, "Administrateur de la plateforme"),
]
NATURES = [
    (Nature.BAILLEUR.value, "Bailleur"),
    (Nature.RESERVATAIRE.value, "Réservataire"),
    (Nature.ETAT.value, "État"),
    (Nature.COLLECTIVITE.value, "Collectivité"),
    (Nature.PLATEFORME.value, "Administration"),
]
