"""Le journal des connexions : les siennes, et pour un responsable celles de son organisme."""

from __future__ import annotations

from django.db.models import QuerySet

from flux_reservations.acces.models import Connexion
from flux_reservations.acces.reserve import GERANTS, ReserveeMixin
from flux_reservations.socle.vues import Colonne, VueListe


class ListeConnexions(ReserveeMixin, VueListe[Connexion]):
    """Le journal des connexions : les siennes, et pour un responsable celles de son organisme."""

    natures = GERANTS
    titre = "Journal des connexions"
    legende = "Connexions, de la plus récente à la plus ancienne"
    nom_export = "connexions"
    singulier = "entrée"
    vide_titre = "Aucune connexion notée"
    colonnes = (
        Colonne[Connexion](
            "instant", "Quand", lambda un: un.instant, "instant", tri=("instant",), entete_de_ligne=True
        ),
        Colonne[Connexion](
            "personne", "Personne", lambda un: un.utilisateur.nom_complet if un.utilisateur else "Courriel inconnu"
        ),
        Colonne[Connexion]("genre", "Ce qui s'est passé", lambda un: un.get_genre_display(), tri=("genre",)),
        Colonne[Connexion]("adresse", "Adresse IP", lambda un: un.adresse_ip, secondaire=True),
        Colonne[Connexion]("navigateur", "Navigateur", lambda un: un.navigateur, secondaire=True),
    )

    def lire(self) -> QuerySet[Connexion]:
        """Ce que l'acteur voit."""
        return Connexion.objects.visibles_par(self.request.acteur).select_related("utilisateur")
