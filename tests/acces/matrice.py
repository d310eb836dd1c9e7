"""La matrice d'accès : toute adresse de l'application, et qui l'ouvre. Une adresse absente d'ici fait échouer les essais.

Ajouter une adresse, c'est ajouter une ligne à `LIGNES` :

    Ligne("flux", bailleur()),                                              une liste : chacun la sienne
    Ligne("liberation", bailleur("a"), lambda m: [m.liberation_a.pk]),        une ligne du bailleur A : 404 chez B
    Ligne("signer_bail", bailleur("a", GESTIONNAIRE), lambda m: [m.orientation_mairie.pk]),
    Ligne("bilan_recu", ouverts() | lignes_lues("mairie", "etat", aveugles=("caf",)), lambda m: [m.bilan_a.pk]),

Le dernier argument rend ce que l'adresse attend, tiré du monde d'essai (`tests/acces/monde.py`), toujours des lignes de **A**.
Profils : `PROFILS`. Statuts : 200 permis, 302 vers la connexion (anonyme), 403 rôle ou nature, 404 ligne d'autrui.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core import signing

from flux_reservations.commun.acteur import Role
from tests.acces.monde import Monde

LECTEUR, GESTIONNAIRE, RESPONSABLE = Role.LECTEUR, Role.GESTIONNAIRE, Role.RESPONSABLE
BAILLEURS = ("a_lecteur", "a_gestionnaire", "a_responsable", "b_lecteur", "b_gestionnaire", "b_responsable")
RESERVATAIRES = ("caf",)
COLLECTIVITES = ("mairie", "epci")
ETATS = ("etat", "etat_voisin")
DROITS = (*RESERVATAIRES, *COLLECTIVITES, *ETATS)
_DE_A = ("a_lecteur", "a_gestionnaire", "a_responsable")
PROFILS = (*BAILLEURS, *DROITS, "plateforme", "caleol", "anonyme")
_RANG = {LECTEUR: 0, GESTIONNAIRE: 1, RESPONSABLE: 2}
PERMIS = 200
Attendus = dict[str, int]


def publique(statut: int = PERMIS) -> Attendus:
    """Ouverte à tous, anonyme compris."""
    return dict.fromkeys(PROFILS, statut)


def connectes(statut: int = PERMIS) -> Attendus:
    """Ouverte à toute personne connectée."""
    return publique(statut) | {"anonyme": 302}


def bailleur(ligne_de: str = "", role: Role = LECTEUR, *, statut: int = PERMIS) -> Attendus:
    """Réservée aux bailleurs à partir de `role` ; `ligne_de="a"` : porte sur une ligne du bailleur A."""
    attendus = dict.fromkeys(PROFILS, 403) | {"anonyme": 302}
    for profil in BAILLEURS:
        lettre, _, nom = profil.partition("_")
        if _RANG[Role(nom)] >= _RANG[role]:
            attendus[profil] = 404 if ligne_de and lettre != ligne_de else statut
    return attendus


def ouverts(*profils: str, statut: int = PERMIS, sinon: int = 403) -> Attendus:
    """Ouverte à ces profils ; les autres sont refusés (403)."""
    return dict.fromkeys(PROFILS, sinon) | {"anonyme": 302} | dict.fromkeys(profils, statut)


def lignes_lues(*profils: str, aveugles: tuple[str, ...] = ()) -> Attendus:
    """À ajouter (`|`) à un attendu : `profils` voient cette ligne-ci (200), `aveugles` non (404)."""
    return dict.fromkeys(profils, PERMIS) | dict.fromkeys(aveugles, 404)


def api(*profils: str) -> Attendus:
    """Une ligne d'une ressource d'API, que voient `profils` : 404 pour les autres, 401 pour l'anonyme, 403 pour un membre de la CALEOL."""
    return dict.fromkeys(PROFILS, 404) | dict.fromkeys(profils, PERMIS) | {"anonyme": 401, "caleol": 403}


@dataclass(frozen=True)
class Ligne:
    """Une adresse : son nom, ce qu'elle répond à chaque profil, ce qu'elle attend ; `post` si elle ne répond qu'à une écriture."""

    nom: str
    attendus: Attendus
    cles: Callable[[Monde], list[Any]] | None = None
    post: bool = False
    donnees: Callable[[Monde], dict[str, Any]] | None = None


def _gerants(statut: int = PERMIS) -> Attendus:
    """Les responsables de chaque organisme, et la plateforme."""
    return ouverts("a_responsable", "b_responsable", "plateforme", statut=statut)


def _abonnables(statut: int = PERMIS) -> Attendus:
    """Les responsables des organismes qui lisent des événements."""
    return ouverts("a_responsable", "b_responsable", statut=statut)


def _orientation(monde: Monde) -> list[Any]:
    return [monde.orientation_mairie.pk]


def _candidat(monde: Monde) -> list[Any]:
    return [monde.orientation_mairie.candidats.get().pk]


def _convention(monde: Monde) -> list[Any]:
    return [monde.convention_mairie.pk]


def _campagne(monde: Monde) -> list[Any]:
    return [monde.campagne_a.pk]


def _serie(monde: Monde) -> list[Any]:
    return [monde.serie_a.pk]


def _bilan(monde: Monde) -> list[Any]:
    return [monde.bilan_a.pk]


def _seance(monde: Monde) -> list[Any]:
    return [monde.seance_a.pk]


_COLLEGUES = (
    bailleur("a", RESPONSABLE)
    | dict.fromkeys(("a_lecteur", "a_gestionnaire"), 403)
    | dict.fromkeys((*DROITS, "b_lecteur", "b_gestionnaire"), 404)
)
"""Une ligne d'une personne de A : son responsable y touche, ses collègues non (403), les autres ne la voient pas (404)."""
_ACCES = [
    Ligne("accueil", publique()),
    Ligne("regles", publique()),
    Ligne("regles_au", publique(), lambda _: ["2026-01-01"]),
    Ligne("accessibilite", publique()),
    Ligne("composants", publique(404)),
    Ligne("composants_progression", publique(404), lambda _: [3]),
    Ligne("composants_detail", publique(404)),
    Ligne("composants_confirmation", publique(404)),
    Ligne("connexion", publique(302) | {"anonyme": 200}),
    Ligne("connexion_demo", publique(404), lambda _: [1], post=True),
    Ligne("deconnexion", publique(302), post=True),
    Ligne("choisir_organisme", connectes(404), post=True),
    Ligne("sans_organisme", connectes()),
    Ligne("theme", publique(302), post=True),
    Ligne("entrer", connectes(302)),
    Ligne("mon_compte", connectes()),
    Ligne("changer_mot_de_passe", connectes()),
    Ligne("revoquer_mes_sessions", connectes(302), post=True),
    Ligne("revoquer_session", connectes(404), lambda _: [0], post=True),
    Ligne("second_facteur", connectes()),
    Ligne("second_facteur_activer", connectes()),
    Ligne("codes_de_secours", connectes(302)),
    Ligne("second_facteur_retirer", connectes(302)),
    Ligne("mot_de_passe_oublie", publique()),
    Ligne("nouveau_mot_de_passe", publique(), lambda _: ["MQ", "faux"]),
    Ligne("personnes", _gerants()),
    Ligne("inviter", _gerants()),
    *(
        Ligne(nom, _gerants(404) | {"a_responsable": PERMIS, "plateforme": PERMIS}, lambda m: [m.rattachement_a.pk])
        for nom in ("personne", "changer_role", "fermer_acces")
    ),
    Ligne(
        "annuler_invitation",
        _gerants(404) | {"a_responsable": PERMIS, "plateforme": PERMIS},
        lambda m: [m.invitation_a.pk],
    ),
    *(Ligne(nom, ouverts("a_responsable", "b_responsable")) for nom in ("secteurs", "creer_secteur")),
    *(
        Ligne(nom, bailleur("a", RESPONSABLE), lambda m: [m.secteur_a.pk])
        for nom in ("changer_secteur", "supprimer_secteur")
    ),
    Ligne("reprendre_secteurs", bailleur(role=RESPONSABLE)),
    Ligne("confier_secteurs", bailleur("a", RESPONSABLE), lambda m: [m.rattachement_a.pk]),
    Ligne(
        "noter_absence",
        _COLLEGUES,
        lambda m: [m.rattachement_a.pk],
    ),
    Ligne(
        "retirer_absence",
        _COLLEGUES,
        lambda m: [m.absence_a.pk],
    ),
    Ligne("choisir_recapitulatif", ouverts(*BAILLEURS, *DROITS, statut=302), post=True),
    Ligne("accepter_invitation", publique(404), lambda _: ["flux_inconnu"]),
    Ligne("connexions", connectes() | {"caleol": 403}),
    Ligne("journal", _gerants()),
    Ligne("entree_journal", _gerants() | {"plateforme": 404}, lambda _: [1]),
    Ligne("verifier_journal", _gerants()),
    Ligne("consultations", _gerants()),
    Ligne("jetons", _gerants()),
    Ligne("creer_jeton", _gerants()),
    Ligne("revoquer_jeton", _gerants(404) | {"a_responsable": PERMIS}, lambda m: [m.jeton_a.pk]),
    Ligne("creer_organisme", ouverts("plateforme")),
]
_CONVENTIONS = [
    Ligne("patrimoine", bailleur()),
    Ligne("patrimoine_detail", bailleur(), lambda _: ["champ"]),
    Ligne("baux_rpls", bailleur(), lambda _: ["94"]),
    Ligne("logement", bailleur("a"), lambda m: [m.liberation_a.logement_id]),
    Ligne("conventions", ouverts(*BAILLEURS, *DROITS)),
    Ligne(
        "taux_convention",
        bailleur("a") | lignes_lues("mairie", "etat", "epci", aveugles=("caf", "etat_voisin")),
        _convention,
    ),
    Ligne(
        "convention",
        bailleur("a") | lignes_lues("mairie", "etat", "epci", aveugles=("caf", "etat_voisin")),
        _convention,
    ),
    Ligne("preparer_convention", bailleur(role=GESTIONNAIRE)),
    Ligne("controler_convention", bailleur("a"), _convention),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), lambda m: [m.brouillon.pk])
        for nom in ("modalites", "droits", "proposer_convention", "reprendre_convention", "supprimer_brouillon")
    ),
    Ligne("verifier_droits", bailleur("a", GESTIONNAIRE), lambda m: [m.brouillon.pk], post=True),
    Ligne("preparer_avenant", bailleur("a", GESTIONNAIRE), _convention),
    Ligne("signer_convention", bailleur("a", RESPONSABLE), _convention),
    Ligne("resilier_convention", bailleur("a", RESPONSABLE), _convention),
    Ligne("clauses_etat", bailleur("a", GESTIONNAIRE), lambda m: [m.convention_etat.pk]),
    Ligne("garantie_remboursee", bailleur("a", RESPONSABLE), lambda m: [m.convention_mairie.droits.get().pk]),
    Ligne("transmettre_convention", bailleur("a", RESPONSABLE), _convention),
    Ligne(
        "texte_convention",
        bailleur("a") | lignes_lues("mairie", "etat", "epci", aveugles=("caf", "etat_voisin")),
        _convention,
    ),
    Ligne("ajouter_piece", bailleur("a", RESPONSABLE), _convention),
    Ligne(
        "piece_signee",
        bailleur("a") | lignes_lues("mairie", "etat", "epci", aveugles=("caf", "etat_voisin")),
        _convention,
    ),
    Ligne(
        "piece_ajoutee",
        bailleur("a") | lignes_lues("mairie", "etat", "epci", aveugles=("caf", "etat_voisin")),
        lambda m: [m.convention_mairie.pk, 1],
    ),
    Ligne("retirer_piece", bailleur("a", RESPONSABLE), lambda m: [m.convention_mairie.pk, 1]),
    Ligne("etat_des_lieux", bailleur(), lambda _: ["94"]),
    Ligne("etat_des_lieux_detail", bailleur(statut=404), lambda _: ["94"]),
    Ligne("etat_des_lieux_fichier", bailleur(), lambda _: ["94", "xlsx"]),
    Ligne("informer_prealablement", bailleur(role=RESPONSABLE), lambda _: ["94"]),
    Ligne("enregistrer_information", bailleur(role=RESPONSABLE), lambda _: ["94"]),
    Ligne(
        "commenter_convention",
        bailleur("a", GESTIONNAIRE) | lignes_lues("mairie", "etat", "epci", aveugles=("caf", "etat_voisin")),
        _convention,
    ),
    Ligne("relancer_transmission", bailleur("a", GESTIONNAIRE), _convention),
    Ligne("tableau_departement", bailleur(), lambda _: ["94"]),
    Ligne("preparer_pour_tous", bailleur(role=GESTIONNAIRE), lambda _: ["94"]),
    Ligne("proposer_tout", bailleur(role=GESTIONNAIRE), lambda _: ["94"]),
    Ligne("signer_en_nombre", bailleur(role=RESPONSABLE), lambda _: ["94"]),
    Ligne("transmettre_tout", bailleur(role=RESPONSABLE), lambda _: ["94"]),
    Ligne("gabarits", bailleur()),
    Ligne("ecrire_gabarit", bailleur(role=GESTIONNAIRE)),
    Ligne("apercu_gabarit", bailleur("a"), lambda m: [m.gabarit_a.pk]),
    Ligne("conventions_deposees", ouverts(*ETATS)),
    Ligne("deposer_convention", ouverts(*ETATS)),
    Ligne("retirer_deposee", ouverts() | lignes_lues("etat", aveugles=("etat_voisin",)), lambda m: [m.deposee.pk]),
    Ligne("mon_carnet", ouverts(*BAILLEURS, "plateforme") | dict.fromkeys(ETATS, 302)),
    Ligne("carnet", ouverts(*BAILLEURS, *ETATS, "plateforme"), lambda _: ["94"]),
    Ligne(
        "inscrire_contact",
        ouverts("a_gestionnaire", "a_responsable", "b_gestionnaire", "b_responsable", *ETATS, "plateforme"),
        lambda _: ["94", "departement:94"],
    ),
    Ligne("concertations", ouverts(*BAILLEURS, *DROITS)),
    Ligne("ouvrir_concertation", bailleur(role=GESTIONNAIRE)),
    Ligne(
        "concertation",
        bailleur("a") | lignes_lues("mairie", "epci", aveugles=("caf", "etat", "etat_voisin")),
        lambda m: [m.concertation_a.pk],
    ),
    Ligne(
        "proposer_part",
        ouverts() | lignes_lues("mairie", aveugles=("caf", "epci", "etat", "etat_voisin")),
        lambda m: [m.part_mairie.pk],
    ),
    Ligne("arreter_repartition", bailleur("a", RESPONSABLE), lambda m: [m.concertation_a.pk]),
    Ligne("constater_entree", bailleur("a", GESTIONNAIRE), lambda m: [m.concertation_a.pk]),
    Ligne("manquements", ouverts(*BAILLEURS, *DROITS)),
    Ligne(
        "mettre_en_demeure",
        ouverts("a_gestionnaire", "a_responsable", "b_gestionnaire", "b_responsable", *ETATS),
    ),
    Ligne(
        "manquement",
        bailleur("a") | lignes_lues("mairie", "etat", aveugles=("caf", "epci", "etat_voisin")),
        lambda m: [m.manquement_a.pk],
    ),
    Ligne(
        "donner_suite",
        bailleur("a", GESTIONNAIRE) | lignes_lues("etat", aveugles=("etat_voisin",)),
        lambda m: [m.manquement_a.pk],
    ),
]
_ATTRIBUTIONS = [
    Ligne("a_orienter", bailleur()),
    Ligne("reviser_lot", bailleur(role=GESTIONNAIRE, statut=302), post=True),
    Ligne("tout_suivre", bailleur(role=GESTIONNAIRE)),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), lambda m: [m.liberation_a_orienter.pk])
        for nom in (
            "autre_compte", "exclure", "retirer_liberation", "decaler", "remettre_dans_le_flux", "retablir_liberation",
            "remettre_au_titulaire", "bail_hors_flux",
        )
    ),
    Ligne("suivre", bailleur("a", GESTIONNAIRE, statut=302), lambda m: [m.liberation_a_orienter.pk], post=True),
    Ligne("annuler_orientation", bailleur("a", GESTIONNAIRE), _orientation),
    Ligne("liberations", bailleur()),
    Ligne("liberation", bailleur("a"), lambda m: [m.liberation_a.pk]),
    Ligne("corriger_bail", bailleur("a", RESPONSABLE), lambda m: [m.liberation_a.pk]),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), _orientation)
        for nom in (
            "mettre_a_disposition", "prolonger_delai", "rendre", "constater_carence", "presenter_candidat", "inscrire_en_seance",
            "signer_bail", "annuler_carence", "corriger_mise_a_disposition", "annuler_le_rendu",
        )
    ),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), _candidat)
        for nom in ("retirer_candidat", "notifier_offre", "repondre_offre", "corriger_presentation", "corriger_reponse")
    ),
    Ligne("annuler_la_decision", bailleur("a", RESPONSABLE), _orientation),
    Ligne("correspondances", bailleur(role=GESTIONNAIRE)),
    Ligne("delais", bailleur()),
    Ligne("vacance", bailleur()),
    Ligne("seances", bailleur()),
    Ligne("prevoir_seance", bailleur(role=GESTIONNAIRE)),
    Ligne("seance", bailleur("a"), _seance),
    Ligne("ordre_du_jour", bailleur("a", GESTIONNAIRE), _seance),
    Ligne("proces_verbal_nominatif", bailleur("a", GESTIONNAIRE) | {"a_gestionnaire": 404, "a_responsable": 404}, _seance),
    Ligne("clore_seance", bailleur("a", GESTIONNAIRE), _seance),
    Ligne("decider", bailleur("a", GESTIONNAIRE), lambda m: [m.inscription_a.pk]),
    Ligne("retirer_de_la_seance", bailleur("a", GESTIONNAIRE), lambda m: [m.inscription_a.pk]),
    Ligne("convoquer_membres", bailleur("a", GESTIONNAIRE), _seance),
    Ligne("mes_seances", ouverts("caleol")),
    Ligne("ma_seance", ouverts("caleol"), lambda m: [m.seance_ouverte.pk]),
    Ligne("mon_proces_verbal", ouverts() | {"caleol": 404}, _seance),
]  # fmt: skip
_BILANS = [
    Ligne("aujourdhui", bailleur()),
    Ligne("flux", bailleur()),
    Ligne("flux_detail", bailleur()),
    *(
        Ligne(nom, bailleur())
        for nom in (
            "equilibre",
            "uniformite",
            "prevision",
            "faisabilite",
            "et_si",
            "conversion",
            "egalite",
            "soldes",
            "publics",
            "garanties",
        )
    ),
    Ligne("soldes_reprendre", bailleur(role=GESTIONNAIRE)),
    Ligne("solde_saisir", bailleur("a", GESTIONNAIRE), lambda m: [m.convention_mairie.pk]),
    Ligne("prevision_corriger", bailleur(role=GESTIONNAIRE), lambda _: ["94028"]),
    Ligne("prevision_moyenne", bailleur(role=GESTIONNAIRE)),
]
_DEPOSANTS = bailleur(role=GESTIONNAIRE) | {"plateforme": PERMIS}
"""Un bailleur dépose ses données, l'administration le registre commun : chacun ses imports."""
_AVEUGLE = {"plateforme": 404}
"""L'administration ne voit pas l'import d'un bailleur."""
_ECHANGES = [
    Ligne("integration", publique()),
    Ligne("webhooks", _abonnables()),
    Ligne("creer_webhook", _abonnables()),
    Ligne("livraisons", _abonnables()),
    *(
        Ligne(nom, _abonnables(404) | {"a_responsable": PERMIS}, lambda m: [m.abonnement_a.pk])
        for nom in ("webhook", "suspendre_webhook", "changer_secret_webhook", "supprimer_webhook")
    ),
    Ligne("essayer_webhook", _abonnables(404) | {"a_responsable": 302}, lambda m: [m.abonnement_a.pk], post=True),
    Ligne("verifier_webhook", _abonnables(404) | {"a_responsable": 409}, lambda m: [m.abonnement_a.pk], post=True),
    Ligne("reprendre_webhook", _abonnables(404) | {"a_responsable": 409}, lambda m: [m.abonnement_a.pk], post=True),
    Ligne("rejouer_appel", _abonnables(404) | {"a_responsable": 302}, lambda m: [m.appel_a.pk], post=True),
    Ligne("imports", _DEPOSANTS),
    Ligne("demander_organisme", bailleur(role=GESTIONNAIRE)),
    *(
        Ligne(nom, ouverts("plateforme"))
        for nom in ("organismes", "inscrire_bailleur", "inscrire_reservataire", "organismes_demandes")
    ),
    *(
        Ligne(nom, ouverts("plateforme"), lambda m: [m.bailleur_a.pk])
        for nom in ("organisme", "corriger_organisme", "supprimer_organisme")
    ),
    Ligne("organisme_demande", ouverts("plateforme"), lambda m: [m.organisme_demande.pk]),
    Ligne("chercher_territoire", connectes(), lambda _: ["territoire"]),
    Ligne("exporter_tout", bailleur(role=RESPONSABLE)),
    Ligne("telecharger_export", bailleur("a", RESPONSABLE), lambda m: [m.export_a.pk]),
    Ligne("rpls", bailleur()),
    Ligne("reprise", bailleur(role=GESTIONNAIRE)),
    Ligne("reprise_decompte", bailleur(role=GESTIONNAIRE)),
    Ligne("reprise_rapprochement", bailleur("a", GESTIONNAIRE), lambda m: [m.tableur_a.pk]),
    Ligne("exemples_d_import", bailleur(role=GESTIONNAIRE)),
    Ligne("reprise_colonnes", bailleur("a", GESTIONNAIRE), lambda m: [m.tableur_a.pk]),
    Ligne("reprise_libelles", bailleur("a", GESTIONNAIRE), lambda m: [m.tableur_a.pk]),
    Ligne("reprise_retirer", bailleur("a", GESTIONNAIRE), lambda m: [m.tableur_a.pk]),
    Ligne("reprise_soldes", bailleur(role=GESTIONNAIRE)),
    Ligne("reprise_soldes_retirer", bailleur(role=GESTIONNAIRE)),
    Ligne("reprise_envoi", bailleur(role=RESPONSABLE)),
    Ligne("reprise_envoi_retirer", bailleur(role=RESPONSABLE, statut=404), lambda _: [uuid.UUID(int=0)]),
    Ligne("deposer_import", _DEPOSANTS),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE) | _AVEUGLE, lambda m: [m.import_a.pk])
        for nom in ("import", "appliquer_import", "colonnes_import", "defaire_import")
    ),
    Ligne("fautives_import", bailleur("a", GESTIONNAIRE, statut=404) | _AVEUGLE, lambda m: [m.import_a.pk]),
    Ligne(
        "abandonner_import", bailleur("a", GESTIONNAIRE, statut=302) | _AVEUGLE, lambda m: [m.import_a.pk], post=True
    ),
]
_API = [
    Ligne("api_schema", publique()),
    Ligne("api_docs", publique()),
    *(
        Ligne(f"api-{ressource}-list", connectes() | {"anonyme": 401, "caleol": 403})
        for ressource in (
            "bailleurs",
            "reservataires",
            "logements",
            "conventions",
            "liberations",
            "comptes",
            "bilans",
            "envois",
        )
    ),
    Ligne("api-bailleurs-detail", api(*_DE_A, *DROITS, "plateforme"), lambda m: [m.bailleur_a.siren]),
    Ligne("api-reservataires-detail", api(*BAILLEURS, *DROITS, "plateforme"), lambda m: [m.mairie.code]),
    Ligne("api-logements-detail", api(*_DE_A), lambda m: [m.liberation_a.logement_id]),
    Ligne("api-conventions-detail", api(*_DE_A, "mairie", "etat", "epci"), _convention),
    Ligne(
        "api-liberations-orienter",
        api()
        | {"a_gestionnaire": 201, "a_responsable": 201}
        | dict.fromkeys(("a_lecteur", "b_lecteur", "caleol"), 403),
        lambda m: [m.liberation_a_orienter.pk],
        post=True,
    ),
    Ligne("api-liberations-detail", api(*_DE_A, "mairie"), lambda m: [m.liberation_a.pk]),
    Ligne("api-bilans-detail", api(*_DE_A, "mairie", "etat"), lambda m: [m.bilan_a.pk]),
    Ligne("api-envois-detail", api(*_DE_A, "etat"), lambda m: [m.transmission.pk]),
    Ligne(
        "api-liberations-signer-bail",
        # Sans corps : la demande est lue (400) par qui peut écrire, avant de chercher la ligne.
        dict.fromkeys(PROFILS, 400) | {"anonyme": 401} | dict.fromkeys(("a_lecteur", "b_lecteur", "caleol"), 403),
        lambda m: [m.liberation_a.pk],
        post=True,
    ),
    Ligne("api-imports-list", bailleur(role=GESTIONNAIRE) | {"anonyme": 401}),
    Ligne("api-imports-detail", bailleur("a", GESTIONNAIRE) | {"anonyme": 401}, lambda m: [m.import_a.pk]),
    *(
        Ligne(
            f"api-imports-{acte}",
            bailleur("a", GESTIONNAIRE, statut=statut) | {"anonyme": 401},
            lambda m: [m.import_a.pk],
            post=True,
        )
        for acte, statut in (("appliquer", 422), ("abandonner", 200), ("defaire", 422))
    ),
]

_A_MA_DISPOSITION = ouverts() | lignes_lues("mairie", aveugles=("caf", "epci", "etat", "etat_voisin"))
_PORTAILS = [
    Ligne("mes_droits", ouverts(*DROITS)),
    Ligne(
        "mon_decompte",
        ouverts() | lignes_lues("mairie", "etat", aveugles=("caf", "epci", "etat_voisin")),
        lambda m: [m.bailleur_a.pk, "94"],
    ),
    Ligne("contester", ouverts(*DROITS, statut=404)),
    Ligne("besoins", ouverts(*BAILLEURS, *DROITS)),
    Ligne("exprimer_besoin", ouverts(*DROITS)),
    *(
        Ligne(
            nom,
            ouverts() | lignes_lues("mairie", aveugles=("caf", "epci", "etat", "etat_voisin")),
            lambda m: [m.besoin.pk],
        )
        for nom in ("modifier_besoin", "retirer_besoin")
    ),
    Ligne("occupations", bailleur(role=GESTIONNAIRE)),
    Ligne("saisir_occupation", bailleur(role=GESTIONNAIRE)),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), lambda m: [m.occupation_a.pk])
        for nom in ("corriger_occupation", "retirer_occupation")
    ),
    Ligne("logements_a_pourvoir", ouverts(*DROITS)),
    Ligne("logement_a_pourvoir", _A_MA_DISPOSITION, _orientation),
    Ligne("proposer_candidat", _A_MA_DISPOSITION, _orientation),
    Ligne("importer_candidats", _A_MA_DISPOSITION, _orientation),
    Ligne("rendre_logement", _A_MA_DISPOSITION, _orientation),
    Ligne("retirer_mon_candidat", _A_MA_DISPOSITION, _candidat),
    Ligne("bilans", bailleur()),
    Ligne("bilan_preparer", bailleur(role=GESTIONNAIRE)),
    Ligne("series", bailleur()),
    Ligne("serie", bailleur("a"), _serie),
    Ligne("serie_confirmer", bailleur("a", RESPONSABLE, statut=302), _serie, post=True),
    Ligne("serie_reessayer", bailleur("a", RESPONSABLE, statut=302), _serie, post=True),
    Ligne("serie_abandonner", bailleur("a", RESPONSABLE, statut=302), _serie, post=True),
    Ligne("campagnes", bailleur()),
    Ligne("campagne_ouvrir", bailleur(role=GESTIONNAIRE)),
    Ligne("campagne", bailleur("a"), _campagne),
    Ligne("campagne_publier", bailleur("a", RESPONSABLE), _campagne),
    Ligne("campagne_interrompre", bailleur("a", GESTIONNAIRE), _campagne),
    Ligne("campagne_reprendre", bailleur("a", GESTIONNAIRE), _campagne),
    Ligne("bilan", bailleur("a"), _bilan),
    Ligne("bilan_progression", bailleur("a"), _bilan),
    Ligne("bilan_publier", bailleur("a", RESPONSABLE), _bilan),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), _bilan)
        for nom in ("bilan_refaire", "bilan_abandonner", "bilan_relancer")
    ),
    Ligne("bilan_lignes", connectes(404) | dict.fromkeys((*_DE_A, "mairie", "etat"), PERMIS), _bilan),
    Ligne("bilan_tableur", connectes(404), _bilan),
    Ligne("echeancier", bailleur()),
    Ligne("echeancier_abonner", bailleur()),
    Ligne("echeancier_revoquer", bailleur()),
    Ligne(
        "echeancier_ical", publique(404), lambda m: [signing.dumps([m.bailleur_a.pk, 0, "0" * 32], salt="echeancier")]
    ),
    Ligne("bilans_recus", ouverts(*DROITS)),
    Ligne(
        "bilan_recu",
        ouverts() | lignes_lues("mairie", "etat", aveugles=("caf", "epci", "etat_voisin")),
        lambda m: [m.bilan_a.pk],
    ),
    Ligne(
        "demander_au_bailleur", ouverts("etat") | lignes_lues(aveugles=("etat_voisin",)), lambda m: [m.bailleur_b.pk]
    ),
    Ligne("conventions_transmises", ouverts("epci", *ETATS)),
    Ligne("controles", ouverts("epci", *ETATS)),
    Ligne(
        "detail_controle",
        ouverts() | lignes_lues("etat", "epci", aveugles=("etat_voisin",)),
        lambda m: [m.bailleur_a.pk, "94", "flux"],
    ),
    Ligne("communes", ouverts("epci", *ETATS)),
    Ligne("envois", bailleur()),
    Ligne("envois_remises", bailleur(role=GESTIONNAIRE)),
    Ligne("envois_avis", bailleur(role=GESTIONNAIRE)),
    Ligne("envoi", bailleur("a"), lambda m: [m.transmission.pk]),
    *(
        Ligne(nom, bailleur("a", GESTIONNAIRE), lambda m: [m.transmission.pk])
        for nom in ("envoi_remise", "envoi_rebond", "envoi_reexpedier", "envoi_relancer")
    ),
    Ligne("envoi_recu", connectes(404) | dict.fromkeys((*_DE_A, "etat"), PERMIS), lambda m: [m.transmission.cle]),
    Ligne(
        "envoi_accuser",
        ouverts() | lignes_lues("etat", aveugles=("mairie", "caf", "epci", "etat_voisin")),
        lambda m: [m.transmission.cle],
    ),
    Ligne("piece", connectes(404) | dict.fromkeys((*_DE_A, "etat", "epci"), PERMIS), lambda m: [m.piece_a.pk]),
    Ligne("courriels", connectes(404)),
    Ligne("courriel", connectes(404), lambda _: [1]),
    Ligne(
        "donnees_d_un_demandeur", ouverts("a_gestionnaire", "a_responsable", "b_gestionnaire", "b_responsable", *DROITS)
    ),
    Ligne("demandes", ouverts(*BAILLEURS, *DROITS)),
    Ligne(
        "demande",
        bailleur("a") | lignes_lues("mairie", aveugles=("caf", "epci", "etat", "etat_voisin")),
        lambda m: [m.demande.pk],
    ),
    Ligne("repondre_demande", bailleur("a", GESTIONNAIRE), lambda m: [m.demande.pk]),
    Ligne(
        "demander_precision",
        ouverts() | lignes_lues("etat", aveugles=("mairie", "caf", "epci", "etat_voisin")),
        lambda m: [m.transmission.pk],
    ),
]

LIGNES: list[Ligne] = [*_ACCES, *_CONVENTIONS, *_ATTRIBUTIONS, *_BILANS, *_PORTAILS, *_ECHANGES, *_API]
