"""La navigation : ce que chaque nature d'acteur peut ouvrir, et où elle arrive après connexion (ecrans.md)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse

from flux_reservations.commun.acteur import Acteur, Nature, Role


@dataclass(frozen=True, slots=True)
class Entree:
    """Un lien de la barre latérale : nom d'adresse, icône heroicons, rôle exigé, autres adresses qui l'allument."""

    libelle: str
    nom: str
    icone: str
    role: Role = Role.LECTEUR
    aussi: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Section:
    """Un groupe d'entrées ; le premier n'a pas de titre."""

    titre: str
    entrees: tuple[Entree, ...]
    territoriale: bool = False
    """Réservée à qui suit un territoire : une commune ou un département n'en suit pas (RG-17)."""


@dataclass(frozen=True, slots=True)
class Lien:
    """Une entrée prête à écrire."""

    libelle: str
    icone: str
    adresse: str
    active: bool


@dataclass(frozen=True, slots=True)
class Groupe:
    """Une section prête à écrire."""

    titre: str
    entrees: tuple[Lien, ...]


_DEMANDES = Entree("Demandes", "demandes", "chat-bubble-left-right", aussi=frozenset({"demande"}))
_PERSONNES = Entree(
    "Personnes et rôles",
    "personnes",
    "users",
    Role.RESPONSABLE,
    aussi=frozenset({"personne", "inviter", "connexions", "secteurs"}),
)
_JOURNAL = Entree(
    "Journal",
    "journal",
    "clock",
    Role.RESPONSABLE,
    aussi=frozenset({"entree_journal", "verifier_journal", "consultations"}),
)
_JETONS = Entree(
    "Jetons d'API", "jetons", "command-line", Role.RESPONSABLE, aussi=frozenset({"creer_jeton", "revoquer_jeton"})
)
_WEBHOOKS = Entree(
    "Appels automatiques",
    "webhooks",
    "bolt",
    Role.RESPONSABLE,
    aussi=frozenset(
        {"webhook", "livraisons", "creer_webhook", "suspendre_webhook", "changer_secret_webhook", "supprimer_webhook"}
    ),
)
_COMPTE = Entree(
    "Mon compte", "mon_compte", "user-circle", aussi=frozenset({"second_facteur_activer", "changer_mot_de_passe"})
)
_IMPORTS = frozenset({"import", "deposer_import", "appliquer_import", "colonnes_import", "defaire_import"})

_BAILLEUR = (
    Section(
        "",
        (
            Entree("Aujourd'hui", "aujourdhui", "inbox"),
            Entree("À orienter", "a_orienter", "arrows-right-left"),
            Entree("Libérations", "liberations", "key", aussi=frozenset({"liberation"})),
            Entree("Délais et vacance", "delais", "clock", aussi=frozenset({"vacance"})),
            Entree("Séances", "seances", "user-group", aussi=frozenset({"seance", "decider", "prevoir_seance"})),
            Entree(
                "Flux",
                "flux",
                "scale",
                aussi=frozenset(
                    {
                        "flux_detail",
                        "equilibre",
                        "uniformite",
                        "prevision",
                        "faisabilite",
                        "et_si",
                        "conversion",
                        "egalite",
                    }
                ),
            ),
        ),
    ),
    Section(
        "Cadre",
        (
            Entree(
                "Conventions",
                "conventions",
                "document-text",
                aussi=frozenset(
                    {
                        "convention",
                        "tableau_departement",
                        "etat_des_lieux",
                        "gabarits",
                        "ecrire_gabarit",
                        "carnet",
                        "mon_carnet",
                    }
                ),
            ),
            Entree("Programmes neufs", "concertations", "building-office", aussi=frozenset({"concertation"})),
            Entree("Mises en demeure", "manquements", "exclamation-triangle", aussi=frozenset({"manquement"})),
            Entree(
                "Patrimoine",
                "patrimoine",
                "building-office-2",
                aussi=frozenset({"logement", "occupations", "saisir_occupation", "corriger_occupation"}),
            ),
            Entree("Bilans", "bilans", "chart-bar", aussi=frozenset({"bilan", "campagnes", "campagne"})),
            Entree("Envois", "envois", "paper-airplane"),
            Entree("SNE, SYPLO, AL'in", "correspondances", "arrow-down-tray", Role.GESTIONNAIRE),
            Entree("Échéancier", "echeancier", "calendar-days"),
            _DEMANDES,
        ),
    ),
    Section(
        "Réglages",
        (
            Entree(
                "Imports",
                "imports",
                "arrow-up-tray",
                Role.GESTIONNAIRE,
                aussi=_IMPORTS
                | frozenset(
                    {
                        "demander_organisme",
                        "exporter_tout",
                        "rpls",
                        "reprise",
                        "reprise_decompte",
                        "reprise_rapprochement",
                        "reprise_envoi",
                        "reprise_envoi_retirer",
                        "reprise_colonnes",
                        "reprise_libelles",
                        "reprise_retirer",
                        "reprise_soldes",
                        "reprise_soldes_retirer",
                    }
                ),
            ),
            _PERSONNES,
            _JETONS,
            _WEBHOOKS,
            _COMPTE,
            _JOURNAL,
        ),
    ),
)
_DROITS = (
    Entree("Mes droits", "mes_droits", "scale"),
    Entree("Logements à pourvoir", "logements_a_pourvoir", "key", aussi=frozenset({"logement_a_pourvoir"})),
    Entree(
        "Besoins exprimés",
        "besoins",
        "users",
        aussi=frozenset({"exprimer_besoin", "modifier_besoin", "retirer_besoin"}),
    ),
    Entree("Mes conventions", "conventions", "document-text", aussi=frozenset({"convention"})),
    Entree("Programmes neufs", "concertations", "building-office", aussi=frozenset({"concertation"})),
    Entree("Bilans reçus", "bilans_recus", "chart-bar", aussi=frozenset({"bilan_recu"})),
    _DEMANDES,
)
_TERRITOIRE = (
    Entree("Conventions transmises", "conventions_transmises", "inbox-arrow-down"),
    Entree("Contrôles", "controles", "shield-check"),
    Entree("Par commune", "communes", "map-pin"),
)
_ETAT = (
    Entree("Conventions déposées", "conventions_deposees", "document-plus", aussi=frozenset({"deposer_convention"})),
    Entree("Mises en demeure", "manquements", "exclamation-triangle", aussi=frozenset({"manquement"})),
    Entree("Carnet des autorités", "mon_carnet", "book-open", aussi=frozenset({"carnet", "inscrire_contact"})),
)
_NAVIGATION: dict[Nature, tuple[Section, ...]] = {
    Nature.BAILLEUR: _BAILLEUR,
    Nature.RESERVATAIRE: (
        Section("", _DROITS),
        Section("Réglages", (_PERSONNES, _JETONS, _WEBHOOKS, _JOURNAL, _COMPTE)),
    ),
    Nature.ETAT: (
        Section("Mon territoire", (*_TERRITOIRE, *_ETAT)),
        Section("Mon contingent", _DROITS),
        Section("Réglages", (_PERSONNES, _JETONS, _WEBHOOKS, _JOURNAL, _COMPTE)),
    ),
    Nature.COLLECTIVITE: (
        Section("", _DROITS),
        Section("Mon territoire", _TERRITOIRE, territoriale=True),
        Section("Réglages", (_PERSONNES, _JETONS, _WEBHOOKS, _JOURNAL, _COMPTE)),
    ),
    Nature.CALEOL: (
        Section("", (Entree("Mes séances", "mes_seances", "user-group", aussi=frozenset({"ma_seance"})), _COMPTE)),
    ),
    Nature.PLATEFORME: (
        Section(
            "",
            (
                Entree(
                    "Organismes",
                    "organismes",
                    "building-library",
                    aussi=frozenset(
                        {
                            "organisme",
                            "inscrire_bailleur",
                            "inscrire_reservataire",
                            "corriger_organisme",
                            "supprimer_organisme",
                            "creer_organisme",
                        }
                    ),
                ),
                Entree(
                    "Organismes demandés",
                    "organismes_demandes",
                    "inbox-arrow-down",
                    aussi=frozenset({"organisme_demande"}),
                ),
                Entree("Imports du registre", "imports", "arrow-up-tray", aussi=_IMPORTS),
                Entree(
                    "Carnet des autorités", "mon_carnet", "book-open", aussi=frozenset({"carnet", "inscrire_contact"})
                ),
                _PERSONNES,
                _JOURNAL,
                _COMPTE,
            ),
        ),
    ),
}
_ARRIVEES: dict[Nature, tuple[str, ...]] = {
    Nature.BAILLEUR: ("aujourdhui", "patrimoine"),
    Nature.RESERVATAIRE: ("mes_droits", "conventions"),
    Nature.ETAT: ("conventions_transmises", "conventions"),
    Nature.COLLECTIVITE: ("mes_droits", "conventions"),
    Nature.CALEOL: ("mes_seances",),
    Nature.PLATEFORME: ("organismes", "personnes"),
}


def naviguer(acteur: Acteur, page: str) -> list[Groupe]:
    """Les groupes de liens de `acteur` ; `page` est le nom d'adresse de la page ouverte. Vide pour un anonyme."""
    groupes = []
    for section in _NAVIGATION.get(acteur.nature, ()):
        if section.territoriale and not acteur.veille_sur_un_territoire:
            continue
        liens = tuple(
            Lien(entree.libelle, entree.icone, adresse, active=page == entree.nom or page in entree.aussi)
            for entree in section.entrees
            if acteur.peut(entree.role) and (adresse := adresse_de(entree.nom))
        )
        if liens:
            groupes.append(Groupe(section.titre, liens))
    return groupes


def arrivee(acteur: Acteur) -> str:
    """Adresse où l'acteur arrive après sa connexion : sa première page qui existe, à défaut l'accueil public."""
    for nom in _ARRIVEES.get(acteur.nature, ()):
        if adresse := adresse_de(nom):
            return adresse
    return reverse("accueil")


def adresse_de(nom: str) -> str:
    """Adresse d'une page, vide si ce montage de l'application ne la sert pas."""
    try:
        return reverse(nom)
    except NoReverseMatch:
        return ""
