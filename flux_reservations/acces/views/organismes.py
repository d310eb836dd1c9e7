"""Les organismes de la plateforme, pour son administration : la liste, en créer un."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from flux_reservations.acces import actions
from flux_reservations.acces.formulaires import FormulaireOrganisme
from flux_reservations.acces.models import Organisme
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.vues import Colonne, VueListe


class ListeOrganismes(ReserveeMixin, VueListe[Organisme]):
    """Les organismes de la plateforme, pour son administration."""

    natures = frozenset({Nature.PLATEFORME})
    titre = "Organismes"
    legende = "Organismes de la plateforme"
    nom_export = "organismes"
    singulier = "organisme"
    gabarit = "acces/organismes.html"
    tri_par_defaut = "nom"
    vide_titre = "Aucun organisme"
    colonnes = (
        Colonne[Organisme](
            "nom",
            "Nom",
            lambda un: un.nom,
            tri=("nom",),
            lien=lambda un: f"{reverse('inviter')}?organisme={un.pk}",
            entete_de_ligne=True,
        ),
        Colonne[Organisme]("nature", "Nature", lambda un: un.get_nature_display(), tri=("nature",)),
        Colonne[Organisme]("siren", "SIREN", lambda un: un.siren, tri=("siren",)),
        Colonne[Organisme]("territoire", "Territoire", lambda un: un.territoire_id, secondaire=True),
        Colonne[Organisme]("courriel", "Courriel", lambda un: un.courriel, secondaire=True),
    )

    def lire(self) -> QuerySet[Organisme]:
        """Tous."""
        if self.request.acteur.nature is not Nature.PLATEFORME:
            raise AccesRefuse
        return Organisme.objects.visibles_par(self.request.acteur)


class CreerAdministration(ReserveeMixin, VueActe):
    """Créer un organisme d'administration de la plateforme ; bailleurs et réservataires s'importent, avec leur registre."""

    natures = frozenset({Nature.PLATEFORME})
    role = Role.ADMINISTRATEUR
    titre = "Créer un organisme d'administration"
    bouton = "Créer l'organisme"
    formulaire = FormulaireOrganisme

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée l'organisme."""
        actions.creer_organisme(
            acteur=self.request.acteur, nature=Nature.PLATEFORME.value, territoire_id=None, **donnees
        )
        return "Organisme créé : invitez-y quelqu'un."

    def retour(self) -> str:
        """La liste."""
        return reverse("organismes")
