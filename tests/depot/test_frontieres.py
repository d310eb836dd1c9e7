"""Qui a le droit de lire des lignes, de changer un état, d'avaler une erreur."""

from __future__ import annotations

import ast

from tests.depot.arbre import modules, noeuds, situer

VISIBILITES = {"visibles_par", "modifiables_par", "none"}
# Des faits publics, que tout le monde voit.
REFERENTIEL = {"Commune", "AncienneCommune", "Departement", "Region", "Territoire", "TerritoireCommune"}
# Ce qui établit qui est l'acteur vient avant lui ; le reste est justifié ici, ligne par ligne.
IDENTITE = {"Jeton", "CleIdempotence", "SessionOuverte", "Rattachement"}
EXCEPTIONS = {
    ("attributions/views/commission.py", "Inscription"): "bornée aux séances visibles de l'acteur",
    ("conventions/api.py", "Droit"): "préchargé depuis des conventions visibles",
}
IMPORTS = ("/echanges/depot.py", "/echanges/fichiers_deposes.py", "/echanges/traitement.py")
LECTEURS = ("/views/", "/views.py", "/api/", "/api.py", "/pdf", "/exports", "/tableur")


def _est_lecteur(nom: str) -> bool:
    """Vues, API, PDF et exports : tout ce qui montre des lignes à quelqu'un."""
    return any(morceau in f"/{nom}" for morceau in LECTEURS) and "/socle/" not in nom


def test_vues_api_pdf_et_exports_partent_des_lignes_visibles() -> None:
    fautes = []
    for nom in filter(_est_lecteur, modules()):
        permis = {
            id(noeud.value) for noeud in noeuds(nom) if isinstance(noeud, ast.Attribute) and noeud.attr in VISIBILITES
        }
        fautes += [
            situer(nom, noeud)
            for noeud in noeuds(nom)
            if isinstance(noeud, ast.Attribute)
            and noeud.attr in {"objects", "_default_manager"}
            and id(noeud) not in permis
            and not _est_permis(nom, ast.unparse(noeud.value))
        ]
    assert not fautes, "`.objects.` sans visibles_par ni modifiables_par"


def _est_permis(nom: str, modele: str) -> bool:
    if modele in REFERENTIEL or (nom, modele) in EXCEPTIONS:
        return True
    return modele in IDENTITE and nom.startswith("flux_reservations/acces/")


def _est_d_une_action(nom: str) -> bool:
    """Les actions, le cycle d'un import déposé, et les données fictives de la démonstration (une histoire passée)."""
    return "/actions/" in nom or "/donnees_demo/" in nom or nom.endswith(("/actions.py", *IMPORTS))


def test_un_etat_ne_change_que_dans_une_action() -> None:
    fautes = []
    for nom in modules():
        if _est_d_une_action(nom):
            continue
        for noeud in noeuds(nom):
            cibles = (
                noeud.targets
                if isinstance(noeud, ast.Assign)
                else [noeud.target]
                if isinstance(noeud, ast.AugAssign | ast.AnnAssign)
                else []
            )
            fautes += [situer(nom, c) for c in cibles if isinstance(c, ast.Attribute) and c.attr == "etat"]
    assert not fautes, "`.etat =` hors d'actions.py"


def test_un_etat_ne_change_pas_par_update_hors_d_une_action() -> None:
    fautes = [
        situer(nom, noeud)
        for nom in modules()
        if not _est_d_une_action(nom)
        for noeud in noeuds(nom)
        if isinstance(noeud, ast.Call)
        and isinstance(noeud.func, ast.Attribute)
        and noeud.func.attr == "update"
        and any(argument.arg == "etat" for argument in noeud.keywords)
    ]
    assert not fautes


def test_aucune_erreur_n_est_avalee_en_bloc() -> None:
    fautes = [
        situer(nom, noeud)
        for nom in modules()
        for noeud in noeuds(nom)
        if isinstance(noeud, ast.ExceptHandler)
        and (
            noeud.type is None or (isinstance(noeud.type, ast.Name) and noeud.type.id in {"Exception", "BaseException"})
        )
    ]
    assert not fautes


def test_un_domaine_ne_connait_pas_le_flottant() -> None:
    fautes = [
        situer(nom, noeud)
        for nom in modules()
        if "/domaine/" in nom or nom.startswith(("flux_reservations/droit/", "flux_reservations/commun/"))
        for noeud in noeuds(nom)
        if (isinstance(noeud, ast.Constant) and isinstance(noeud.value, float))
        or (isinstance(noeud, ast.Call) and isinstance(noeud.func, ast.Name) and noeud.func.id == "float")
    ]
    assert not fautes
