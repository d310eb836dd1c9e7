"""Portails de qui détient des droits et de qui veille sur un territoire : droits et soldes, contrôles, communes, bilans reçus."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views import View

from attributions.models import Orientation
from bilans import portail
from bilans.lecture import LectureDuBilan
from bilans.models import Bilan
from conventions.models import Bailleur
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role, service_de
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.notifications.actions.demandes import demander
from flux_reservations.notifications.demandes import GenreDemande
from flux_reservations.notifications.models import Envoi
from flux_reservations.notifications.views.demandes import FormulaireTexte
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.presentation import ecrire_date_courte
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable
from flux_reservations.socle.vues import Colonne, VueListe

VEILLEURS = frozenset({Nature.ETAT, Nature.COLLECTIVITE})
"""Qui lit ce qui se passe sur son territoire."""
ANNEES_PROPOSEES = 5


def lire_annee(request: Requete) -> tuple[int, list[int]]:
    """L'année demandée (celle en cours à défaut) et celles qu'on propose."""
    courante = timezone.localdate().year
    annees = list(range(courante, courante - ANNEES_PROPOSEES, -1))
    demandee = lire_entier(request.GET.get("annee", ""))
    return (demandee if demandee in annees else courante), annees


def exporter(request: Requete, nom: str, entetes: list[str], lignes: list[list[object]]) -> HttpResponseBase | None:
    """L'export demandé par `?export=csv|xlsx`, ou None."""
    genre = request.GET.get("export")
    if genre not in {"csv", "xlsx"}:
        return None
    return (repondre_csv if genre == "csv" else repondre_xlsx)(nom, entetes, lignes)


class MesDroits(ReserveeMixin, View):
    """Mes droits chez chaque bailleur : droit, décompte, solde."""

    natures = LECTEURS_DE_DROITS

    def get(self, request: Requete) -> HttpResponseBase:
        """Calcule et montre, ou exporte."""
        annee, annees = lire_annee(request)
        comptes = portail.mes_comptes(request.acteur, annee)
        entetes = [
            "Bailleur",
            "Département",
            "Compte",
            "Convention",
            "Droit théorique",
            "Droit",
            "Report",
            "Décompte",
            "Solde",
        ]
        lignes: list[list[object]] = [
            [
                un.lieu.bailleur.nom, un.lieu.departement.pk, un.compte.compte, un.compte.convention, un.compte.droit_theorique,
                un.compte.droit, un.compte.report, un.compte.decompte, un.compte.solde,
            ]
            for un in comptes
        ]  # fmt: skip
        fichier = exporter(request, f"mes_droits_{annee}", entetes, lignes)
        if fichier is not None:
            return fichier
        contexte = {
            "titre": "Mes droits",
            "annee": annee,
            "annees": annees,
            "comptes": comptes,
            "maximum": max((abs(un.compte.solde) for un in comptes), default=1) or 1,
            "jour_du_droit": f"{annee}-12-31",
        }
        return render(request, "portail/droits.html", contexte)


class MonDecompte(PageExportable, ReserveeMixin, View):
    """Les logements décomptés sur un de mes comptes, un par un, et de quoi les contester (RG-74)."""

    nom_export = "decompte"
    natures = LECTEURS_DE_DROITS

    def get(self, request: Requete, bailleur: int, departement: str) -> HttpResponse:
        """Montre les lignes ; le compte d'autrui est introuvable."""
        annee, _ = lire_annee(request)
        lieu = lire_lieu(request, bailleur, departement)
        compte, convention = request.GET.get("compte", ""), request.GET.get("convention", "")
        suite: dict[str, str | int] = {"annee": annee, "compte": compte, "convention": convention}
        contexte = {
            "titre": f"Décompte de {compte or 'mon compte'}, {annee}",
            "fil": [("Mes droits", f"{reverse('mes_droits')}?{urlencode({'annee': annee})}")],
            "lieu": lieu,
            "lignes": portail.lignes_decomptees(request.acteur, lieu, annee, compte, convention),
            "suite": urlencode(suite | {"bailleur": bailleur, "departement": departement}),
            "peut_contester": request.acteur.peut(Role.GESTIONNAIRE),
        }
        return render(request, "portail/decompte.html", contexte)


def lire_lieu(request: Requete, bailleur: int, departement: str) -> portail.Lieu:
    """Le lieu, si l'acteur y a des droits ; lève `Introuvable` sinon."""
    for lieu in portail.lieux_de_mes_droits(request.acteur):
        if lieu.bailleur.pk == bailleur and lieu.departement.pk == departement:
            return lieu
    raise Introuvable


class Contester(ReserveeMixin, VueActe):
    """Contester une carence (`?orientation=`) ou une ligne de décompte (`?liberation=&bailleur=…`) (RG-74)."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    titre = "Contester"
    bouton = "Envoyer la contestation"
    formulaire = FormulaireTexte
    cible: dict[str, Any]

    def preparer(self, **cles: Any) -> None:
        """La ligne contestée, si elle est à l'acteur."""
        del cles
        demandee = self.request.GET.get("orientation", "")
        self.cible = self._carence(demandee) if demandee else self._ligne()

    def _carence(self, cle: str) -> dict[str, Any]:
        visibles = Orientation.objects.visibles_par(self.request.acteur).select_related(
            "liberation__bailleur", "reservataire"
        )
        orientation = visibles.filter(pk=lire_entier(cle) or 0, issue="carence").first()
        if orientation is None or self.request.acteur.est_bailleur:
            raise Introuvable
        return {
            "genre": GenreDemande.CARENCE,
            "destinataire_id": orientation.liberation.bailleur_id,
            "objet_type": "attributions.orientation",
            "objet_cle": str(orientation.pk),
            "sujet": f"Carence de {orientation.compte}, libération {orientation.liberation.numero}",
            "service": service_de(orientation.sous_contingent),
        }

    def _ligne(self) -> dict[str, Any]:
        lu = self.request.GET
        annee, _ = lire_annee(self.request)
        bailleur, liberation = lire_entier(lu.get("bailleur", "")), lire_entier(lu.get("liberation", ""))
        if bailleur is None or liberation is None:
            raise Introuvable
        lieu = lire_lieu(self.request, bailleur, lu.get("departement", ""))
        lignes = portail.lignes_decomptees(
            self.request.acteur, lieu, annee, lu.get("compte", ""), lu.get("convention", "")
        )
        ligne = next((une for une in lignes if une.liberation == liberation), None)
        if ligne is None:
            raise Introuvable
        return {
            "genre": GenreDemande.DECOMPTE,
            "destinataire_id": lieu.bailleur.pk,
            "objet_type": "attributions.liberation",
            "objet_cle": str(ligne.liberation),
            "sujet": f"Décompte de {lu['compte']} du {ecrire_date_courte(ligne.date)}, libération {ligne.numero}",
            "service": service_de(lu.get("compte", "").rpartition("/")[2]),
        }

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui est contesté, et à qui."""
        bailleur = Bailleur.objects.visibles_par(self.request.acteur).get(pk=self.cible["destinataire_id"])
        return [("Sujet", self.cible["sujet"]), ("Bailleur", bailleur.nom)]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Envoie."""
        demander(acteur=self.request.acteur, texte=donnees["texte"], **self.cible)
        return "Contestation envoyée : le bailleur doit y répondre, et sa réponse sera gardée."

    def retour(self) -> str:
        """Les demandes."""
        return reverse("demandes")


class BilansRecus(ReserveeMixin, VueListe[Bilan]):
    """Les bilans publiés que l'acteur a reçus, ou qui concernent son département."""

    natures = LECTEURS_DE_DROITS
    titre = "Bilans reçus"
    legende = "Bilans publiés, du plus récent au plus ancien"
    nom_export = "bilans_recus"
    singulier = "bilan"
    vide_titre = "Aucun bilan reçu"
    vide_texte = "Avant la fin de février, chaque bailleur dépose ici le bilan de l'année écoulée (RG-60)."
    colonnes: ClassVar[Any] = (
        Colonne[Bilan](
            "bailleur",
            "Bailleur",
            lambda un: un.bailleur.nom,
            tri=("bailleur__nom",),
            lien=lambda un: reverse("bilan_recu", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Bilan]("genre", "Document", lambda un: un.document, tri=("genre",)),
        Colonne[Bilan]("annee", "Année", lambda un: str(un.annee), tri=("annee",)),
        Colonne[Bilan](
            "departement", "Département", lambda un: str(un.departement), tri=("departement_id",), secondaire=True
        ),
        Colonne[Bilan]("version", "Version", lambda un: un.version, "nombre", secondaire=True),
        Colonne[Bilan]("publie_le", "Publié", lambda un: un.publie_le, "date", tri=("publie_le",)),
    )

    def lire(self) -> QuerySet[Bilan]:
        """Ce que l'acteur voit."""
        return (
            Bilan.objects.visibles_par(self.request.acteur).select_related("bailleur", "departement").defer("donnees")
        )


class BilanRecu(ReserveeMixin, View):
    """Un bilan reçu : ce qu'il dit de l'acteur et de l'ensemble, ses pièces, son empreinte, ses autres versions, l'accusé."""

    natures = LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre le bilan."""
        visibles = Bilan.objects.visibles_par(request.acteur).select_related("bailleur", "departement", "tableur")
        bilan = get_object_or_404(visibles, pk=pk)
        contexte = {
            "titre": f"{bilan.titre}, {bilan.bailleur.nom}",
            "fil": [("Bilans reçus", reverse("bilans_recus"))],
            "bilan": bilan,
            "pieces": Piece.objects.visibles_par(request.acteur).filter(pk__in=[bilan.pdf_id, bilan.tableur_id]),
            "versions": visibles.filter(
                genre=bilan.genre, bailleur=bilan.bailleur_id, departement=bilan.departement_id, annee=bilan.annee
            ).order_by("version"),
            "envois": Envoi.objects.visibles_par(request.acteur).filter(
                objet_type="bilans.bilan", objet_cle=str(bilan.pk)
            ),
            "organisme_id": request.acteur.organisme_id,
            "changements": bilan.ce_qui_change.splitlines(),
        }
        if {"flux", "document"} <= bilan.donnees.keys():
            lecture = LectureDuBilan(bilan.donnees)
            lieu = portail.Lieu(bilan.bailleur, bilan.departement)
            fiches = portail.mes_fiches(request.acteur, lieu, bilan.annee, lecture)
            contexte |= {"chiffres": lecture.chiffres, "fiches": fiches}
        return render(request, "portail/bilan.html", contexte)


class Controles(ReserveeMixin, View):
    """Les contrôles légaux par bailleur, sur le territoire."""

    natures = VEILLEURS
    territoriale = True

    def get(self, request: Requete) -> HttpResponseBase:
        """Calcule et montre, ou exporte."""
        annee, annees = lire_annee(request)
        lignes = portail.controles_du_territoire(request.acteur, annee)
        fichier = exporter(
            request,
            f"controles_{annee}",
            [
                "Bailleur", "Département", "Flux (C)", "Taux signé de l'État", "Motif d'un taux moindre", "Droit de l'État",
                "Décompte de l'État", "Part (%)", "Part hors QPV (%)", "Contrôles",
            ],
            [
                [
                    une.lieu.bailleur.nom, une.lieu.departement.pk, une.flux, une.taux_etat, une.motif, une.droit_etat,
                    une.decompte_etat, une.part, une.part_hors_qpv, " ; ".join(controle.message for controle in une.controles),
                ]
                for une in lignes
            ],
        )  # fmt: skip
        if fichier is not None:
            return fichier
        contexte = {
            "titre": "Contrôles",
            "annee": annee,
            "annees": annees,
            "lignes": lignes,
            "est_etat": request.acteur.nature is Nature.ETAT,
            "jour_du_droit": f"{annee}-12-31",
        }
        return render(request, "portail/controles.html", contexte)


class ParCommune(ReserveeMixin, View):
    """Le flux et la part de l'État, commune par commune du territoire (RG-36)."""

    natures = VEILLEURS
    territoriale = True

    def get(self, request: Requete) -> HttpResponseBase:
        """Calcule et montre, ou exporte."""
        annee, annees = lire_annee(request)
        lignes = portail.communes_du_territoire(request.acteur, annee)
        fichier = exporter(
            request,
            f"communes_{annee}",
            ["Commune", "Nom", "Bailleur", "Flux mis en location", "Décompté à l'État", "Part (%)"],
            [[une.commune, une.nom, une.bailleur, une.flux, une.etat, une.part] for une in lignes],
        )
        if fichier is not None:
            return fichier
        contexte = {
            "titre": "Par commune",
            "annee": annee,
            "annees": annees,
            "lignes": lignes,
            "jour_du_droit": f"{annee}-12-31",
        }
        return render(request, "portail/communes.html", contexte)
