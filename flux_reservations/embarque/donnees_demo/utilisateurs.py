"""Les personnes de la démonstration : un rôle chacune, un mot de passe commun, connexion en un clic en démonstration seulement."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.hashers import make_password

from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme, Rattachement, Utilisateur
from flux_reservations.commun.acteur import Role, Service

MOT_DE_PASSE: Final = "demonstration-2023"
"""Mot de passe de toutes les personnes de la démonstration ; jamais créé ailleurs."""

PERSONNES_DES_BAILLEURS: Final = {
    "RB": (
        ("Nadia", "Benhaddou", Role.GESTIONNAIRE),
        ("Hélène", "Courtois", Role.RESPONSABLE),
        ("Marc", "Vasseur", Role.LECTEUR),
    ),
    "TM": (
        ("Yann", "Le Goff", Role.GESTIONNAIRE),
        ("Sabine", "Ferrand", Role.RESPONSABLE),
        ("Émile", "Okafor", Role.LECTEUR),
    ),
}
PERSONNES_DES_RESERVATAIRES: Final = (
    ("AL", "Camille", "Roussel", Role.GESTIONNAIRE),
    ("CRETEIL", "Fatou", "Diallo", Role.GESTIONNAIRE),
    ("CAF94", "Olivier", "Perrin", Role.GESTIONNAIRE),
    ("ETAT94", "Claire", "Meunier", Role.RESPONSABLE),
    ("EPT12", "Julien", "Andrieu", Role.LECTEUR),
)
SERVICES_DE_L_ETAT: Final = (("Sonia", "Kaci", Service.AGENTS), ("Denis", "Prat", Service.PRIORITAIRES))
"""Les gestionnaires de l'État bornés à un sous-contingent."""
MEMBRES: Final = (("Monique", "Aubert"), ("Karim", "Saïdi"))
"""La commission d'attribution du premier bailleur."""
ADMINISTRATEUR: Final = ("Thomas", "Lenoir")


def creer_utilisateurs(
    bailleurs: dict[str, Bailleur], reservataires: dict[str, Reservataire], plateforme: Organisme
) -> dict[str, Utilisateur]:
    """Crée les personnes et leurs rattachements ; rend le gestionnaire de chaque bailleur, par préfixe."""
    secret = make_password(MOT_DE_PASSE)
    gestionnaires: dict[str, Utilisateur] = {}
    for prefixe, personnes in PERSONNES_DES_BAILLEURS.items():
        for prenom, nom, role in personnes:
            personne = _creer(prenom, nom, bailleurs[prefixe], role, secret)
            if role is Role.GESTIONNAIRE:
                gestionnaires[prefixe] = personne
    for code, prenom, nom, role in PERSONNES_DES_RESERVATAIRES:
        _creer(prenom, nom, reservataires[code], role, secret)
    for prenom, nom, service in SERVICES_DE_L_ETAT:
        _creer(prenom, nom, reservataires["ETAT94"], Role.GESTIONNAIRE, secret, service)
    for prenom, nom in MEMBRES:
        _creer(prenom, nom, bailleurs["RB"], Role.MEMBRE, secret)
    _creer(*ADMINISTRATEUR, plateforme, Role.ADMINISTRATEUR, secret)
    return gestionnaires


def _creer(
    prenom: str, nom: str, organisme: Organisme, role: Role, secret: str, service: Service = Service.TOUS
) -> Utilisateur:
    courriel = f"{_sans_accents(prenom)}.{_sans_accents(nom)}@demo.example"
    utilisateur = Utilisateur.objects.create(courriel=courriel, prenom=prenom, nom=nom, password=secret)
    Rattachement.objects.create(
        utilisateur=utilisateur, organisme_id=organisme.pk, role=role.value, service=service.value
    )
    return utilisateur


def _sans_accents(texte: str) -> str:
    """Un morceau d'adresse : minuscules, sans accent ni espace."""
    lettres = texte.lower().translate(str.maketrans("éèêëàâîïôöùûüç", "eeeeaaiioouuuc"))
    return lettres.replace(" ", "").replace("'", "")
