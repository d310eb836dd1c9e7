"""Les documents des conventions : l'état des lieux (RG-18), le texte de la convention (RG-12), en PDF et en tableur."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import timezone

from conventions.chargement_etat_des_lieux import EtatDesLieux
from conventions.chargement_texte import charger_texte
from conventions.domaine.codes import TYPOLOGIES
from conventions.models import Convention
from flux_reservations.socle.pdf import produire_pdf
from flux_reservations.socle.tableur import ColonneTableur, Feuille, ecrire_classeur


def etat_des_lieux_pdf(etat: EtatDesLieux) -> bytes:
    """L'état des lieux en PDF accessible."""
    return produire_pdf(html_de_l_etat_des_lieux(etat))


def html_de_l_etat_des_lieux(etat: EtatDesLieux) -> str:
    """La page dont le PDF est tiré."""
    titre = "État des lieux des réservations"
    contexte = {
        "titre": titre,
        "titre_complet": f"{titre} – {etat.departement.nom}",
        "description": f"Information préalable à la mise en conformité des conventions de réservation de {etat.bailleur.nom}",
        "document": {
            "bailleur": {"nom": etat.bailleur.nom, "siren": etat.bailleur.siren},
            "departement": {"nom": etat.departement.nom, "code": etat.departement.pk},
            "etabli_le": etat.le.isoformat(),
        },
        "etabli_le": etat.le,
        "etat": etat,
        "typologies": TYPOLOGIES,
        "empreinte": etat.empreinte,
        "version": 1,
        "ce_qui_change": "",
    }
    return render_to_string("conventions/pdf/etat_des_lieux.html", contexte)


def etat_des_lieux_tableur(etat: EtatDesLieux) -> bytes:
    """L'état des lieux en tableur : une ligne par réservataire, commune et résidence ; puis, s'il y en a, ce que le RPLS déclare."""
    colonnes = [
        ColonneTableur("reservataire"),
        ColonneTableur("nom", largeur=40),
        ColonneTableur("type"),
        ColonneTableur("commune"),
        ColonneTableur("nom_commune"),
        ColonneTableur("residence", largeur=40),
        *(ColonneTableur(typologie, "entier") for typologie in TYPOLOGIES),
        ColonneTableur("total", "entier"),
    ]
    lignes = [
        (
            part.code,
            part.nom,
            part.type,
            ligne.code_commune,
            ligne.commune,
            ligne.residence,
            *ligne.par_typologie,
            ligne.total,
        )
        for part in etat.parts
        for ligne in part.lignes
    ]
    return ecrire_classeur(
        [Feuille("État des lieux", colonnes, lignes), *_feuilles_rpls(etat)],
        titre=f"État des lieux {etat.departement}",
        date_de=timezone.now(),
    )


def _feuilles_rpls(etat: EtatDesLieux) -> list[Feuille]:
    """Les deux sens du rapprochement : par contingent déclaré, par réservataire."""
    rpls = etat.rpls
    if not rpls.contingents:
        return []
    contingents = [
        ColonneTableur("contingent"),
        ColonneTableur("libelle", largeur=40),
        *(ColonneTableur(typologie, "entier") for typologie in TYPOLOGIES),
        *(
            ColonneTableur(nom, "entier")
            for nom in ("declares", "meme_titulaire", "autre_titulaire", "converti_ou_echu", "sans_droit", "ecart")
        ),
        ColonneTableur("source"),
    ]
    titulaires = [
        ColonneTableur("reservataire"),
        ColonneTableur("nom", largeur=40),
        *(
            ColonneTableur(nom, "entier")
            for nom in (
                "droits",
                "declares_a_son_contingent",
                "a_un_autre",
                "non_reserves",
                "sans_declaration",
                "ecart",
            )
        ),
        ColonneTableur("source"),
    ]
    return [
        Feuille(
            "RPLS par contingent",
            contingents,
            [
                (
                    str(un.code),
                    un.libelle,
                    *un.par_typologie,
                    un.total,
                    un.meme,
                    un.autre,
                    un.echu,
                    un.sans,
                    un.ecart,
                    rpls.source,
                )
                for un in rpls.contingents
            ],
        ),
        Feuille(
            "RPLS par réservataire",
            titulaires,
            [
                (
                    un.code,
                    un.nom,
                    un.droits,
                    un.confirmes,
                    un.ailleurs,
                    un.non_reserves,
                    un.inconnus,
                    un.ecart,
                    rpls.source,
                )
                for un in rpls.titulaires
            ],
        ),
    ]


def convention_pdf(convention: Convention, *, avec_annexe: bool = True, texte: str = "") -> bytes:
    """Le texte de la convention, engendré de ses données et de son gabarit (`texte` : un gabarit à essayer) ; un brouillon le dit."""
    contenu = charger_texte(convention, texte=texte, avec_annexe=avec_annexe)
    return produire_pdf(
        render_to_string("conventions/pdf/convention.html", {"texte": contenu, "typologies": TYPOLOGIES})
    )
