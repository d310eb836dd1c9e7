"""Le contrat des fichiers (formats.md § 1), phrase à phrase : ce que chaque essai marqué `contrat("clé")` prouve.

Le texte est celui du contrat, cité. `pytest -m contrat` les joue tous ; `grep -rn 'contrat("cle_repetee")' tests` donne ceux d'une phrase.
`test_fichiers.py` refuse une phrase sans essai et un essai d'une phrase inconnue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PHRASES: Final[Mapping[str, str]] = {
    # Le fichier.
    "encodage": "CSV (UTF-8 avec ou sans BOM, ou Windows-1252 détecté ; séparateur `;` ou `,`)",
    "xlsx": "ou XLSX (première feuille), une ligne d'en-tête.",
    "dates": "Dates `AAAA-MM-JJ` ou `JJ/MM/AAAA`",
    "decimales": "décimales `.` ou `,`",
    "codes": "codes toujours en texte (zéros de tête gardés)",
    "vide": "vide = inconnu.",
    "ordre": "Colonnes dans n'importe quel ordre",
    "colonne_inconnue": "une colonne inconnue est signalée",
    "colonne_obligatoire": "une obligatoire absente (**gras**) est une erreur.",
    "colonnes": "| fichier | colonnes | (le tableau, cellule par cellule : COLONNES)",
    "autres_tables": "Les tables ajoutées ensuite (séances, bilans, envois, pièces…) suivent les mêmes règles et s'exportent aussi.",
    "registre_commun": "Registre commun à la plateforme",
    # Le RPLS.
    "rpls": "Le patrimoine se lit aussi **au format RPLS** (colonnes `IDENT_REP`, `IDENT_INT`, `DEPCOM`…), reconnu à ses en-têtes",
    "rpls_dates": "dates `MM/AAAA`",
    "rpls_pieces": "`NBPIECE` 6 et plus = `T6`",
    "rpls_qpv": "`QPV` 1 = oui (code inconnu : `QPV`), 2 = non",
    "rpls_finan": "`FINAN` 10 PLAI, 11 PLATS, 12 PLA, 13 PLUS, 14 PLS, 16 PLI, 50 HBM, 52 HLMO, 53 ILM, 54 ILN, autre = `AUTRE`",
    "rpls_mode": "`MODE` 3 → `gele`, 4 → `association`, 5 → `fonction`, à confirmer à l'écran",
    "rpls_contreslog": "`CONTRESLOG` alimente l'état des lieux du stock",
    "rpls_absente": "une colonne absente = inconnu.",
    # Les clés.
    "cles": (
        "Clés (ce qui dit « créé » ou « modifié ») : `siren` ; `code` ; `bailleur` + `identifiant` ; `logement` + `reservataire` +"
        " `contrepartie` + `nature` + `date_debut` ; `numero` ; `convention` + `sous_contingent` + `annee` ; `numero` ;"
        " `liberation` + `rang` ; `liberation` + `rang` + `numero_demande`."
    ),
    "droits_remplaces": "les droits d'une convention citée sont remplacés par ceux du fichier",
    "numeros_propres": "Les numéros de convention et de libération sont propres à un bailleur.",
    "cle_repetee": "Une clé répétée dans un fichier est une erreur (à la seconde ligne).",
    "absente_ou_vide": "Une colonne absente laisse la valeur en place ; une cellule vide l'efface.",
    "logement": "`logement` est l'identifiant du patrimoine",
    "homonymie": "partout, une colonne facultative `bailleur` lève l'homonymie entre bailleurs (ambiguïté : erreur).",
    "effet": (
        "`--effet AAAA-MM-JJ` date ce qui change dans le patrimoine (QPV, hors champ) ;"
        " sans lui, c'est une correction depuis l'origine."
    ),
    "taux": "Un taux a deux décimales au plus.",
    "compte_non_eligible": (
        "Une orientation importée vers un compte non éligible est acceptée et signalée ; vers un code inconnu, c'est une erreur."
    ),
    # Les conventions.
    "brouillon": "Convention : sans `date_signature`, brouillon (aucun droit)",
    "date_effet": "`date_effet` vide = `date_signature`",
    "date_fin": "`date_fin` incluse, vide = sans terme.",
    "existant": "L'import reprend l'existant : RG-14 et RG-18 ne l'arrêtent pas (contrôles)",
    "arrets": (
        "RG-10, un périmètre hors du territoire d'une collectivité ou au programme (RG-11) et un taux hors de 0–100 oui"
        " (colonne `perimetre` ou `taux`)."
    ),
    "controles_de_dates": "Contrôles aussi : `date_fin` ≥ `date_effet`, `date_bail` ≥ `date_conge`.",
    "issue": "`issue` vide = `en_cours`.",
    "dates_incluses": "Dates de début et de fin incluses, vides = sans borne.",
    # Le fichier entier.
    "en_tete_seul": "Un fichier réduit à son en-tête est accepté (0 ligne)",
    "fichier_illisible": "un fichier vide, illisible, ou dont le nom ne dit pas le tableau est une erreur",
    "dossier": "(dans un dossier, seuls les `.csv` et `.xlsx` sont lus).",
    "apostrophe": (
        "Une cellule de texte qui commence par `=`, `+`, `-` ou `@` est exportée précédée d'une apostrophe, que l'import retire."
    ),
    "tout_ou_rien": (
        "Un import est **tout ou rien** : s'il y a une erreur, rien n'est écrit et chaque erreur dit fichier, ligne, colonne, valeur et"
        " remède."
    ),
    "reimport": "Le réimport d'un fichier identique ne change rien et le dit.",
    "essai": "Un import est d'abord un essai (`--verifier`, ou l'écran de prévisualisation).",
}

COLONNES: Final[Mapping[str, str]] = {
    "bailleurs": "**siren** (9 chiffres, clé de Luhn vérifiée), **nom**, statut (`oph` `esh` `coop` `sem` `moi`), courriel",
    "reservataires": (
        "**code** (libre, unique), **nom**, **type** (RG-02), siren, territoire (`region:11`, `departement:94`, `epci:SIREN`,"
        " `ept:SIREN`, `metropole:SIREN`, `commune:94011`), courriel."
    ),
    "patrimoine": (
        "**bailleur** (siren), **identifiant**, identifiant_rpls, programme, adresse, code_postal, **commune** (INSEE), qpv (code ; vide ="
        " hors QPV), **typologie** (`T1`…`T6`), surface, financement, annee_construction, date_premiere_location, loyer, charges, etage,"
        " ascenseur, pmr, dpe, annexes, secteur, hors_champ (`foyer` `intermediaire` `libre` `fonction` `association` `gele` ; vide ="
        " dans le champ)"
    ),
    "reservations_stock": (
        "**logement**, **reservataire**, **contrepartie** (RG-13), nature (`suite` par défaut, `unique`), date_debut, date_fin"
    ),
    "conventions": (
        "**numero**, **bailleur**, **reservataire**, **departement**, date_signature, date_effet, date_fin, gestion (`directe` par défaut,"
        " `deleguee`), delai_presentation_jours, delai_unite (`calendaires` par défaut, `ouvres`), carence_decomptee (`oui` par défaut,"
        " `non`), fait_generateur (RG-45), report (`total` `plafonne` `aucun`), report_plafond, nb_candidats, delegataire,"
        " motif_perimetre (RG-11), premieres_locations (`a_part` par défaut, `dans_le_flux`), part_hors_qpv_min, garde_hors_qpv (`oui`"
        " `non`) (RG-37), derogation_taux, derogation_taux_agents, derogation_motif, derogation_arrete, derogation_debut, derogation_fin"
        " (RG-14), avenant_de, date_resiliation, motif_fin"
    ),
    "droits": (
        "**convention**, **contrepartie**, sous_contingent (`prioritaires` ou `agents` pour l'État, vide pour les autres), **taux** (%),"
        " **perimetre** (où le droit s'exerce : un ou plusieurs territoires séparés par un espace), assiette (où il court ; vide = le"
        " périmètre), montant_garanti (RG-15)"
    ),
    "soldes_ouverture": (
        "**convention**, sous_contingent, **annee** (l'année qui s'ouvre), **report** (solde de la fin de N−1, décimal signé, quatre"
        " décimales au plus ; la politique de report de la convention s'y applique, RG-47)"
    ),
    "liberations": (
        "**numero**, **logement**, date_conge, **date_disponibilite**, nature (`relocation` par défaut, `premiere_location`), exclusion"
        " (RG-31, vide = dans le flux), retrait (`conge_annule` `gel` `vente` ; vide = active), date_bail"
    ),
    "orientations": (
        "**liberation**, **rang** (1, 2…), **compte** (`CODE`, `CODE/prioritaires`, `CODE/agents`, `CODE/repli`, `BAILLEUR`),"
        " **date_orientation**, motif, date_mise_a_disposition, date_proposition, nb_candidats, date_caleol, decision (`attribution` `rang`"
        " `condition` `non_attribution` `irrecevabilite`), date_rendu, issue (`en_cours` `bail` `carence` `rendu` `retire`), public"
    ),
    "candidats": (
        "**liberation**, **rang** (de l'orientation), **numero_demande**, public, rang_caleol, decision, motif, date_notification,"
        " date_reponse, reponse"
    ),
}
"""Le tableau du contrat : les colonnes de chaque fichier, les obligatoires en gras."""
