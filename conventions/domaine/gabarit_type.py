"""Le gabarit livré avec l'application : ce que dit une convention en flux si le bailleur n'a pas écrit le sien (RG-12)."""

from __future__ import annotations

from typing import Final

NOM: Final = "Texte type"
_BLOCS: Final = ("#", "- ", "{%", "{{ tableau", "{{ annexe", "{{ derogation")
TEXTE: Final = """\
# Convention de réservation en flux

Numéro {{ convention.numero }}{% si est_avenant %}, avenant à la convention {{ convention.avenant_de }}{% fin %}.
**{{ convention.mention }}**

## Article 1. Parties

La présente convention est conclue entre **{{ bailleur.nom }}** (SIREN {{ bailleur.siren }}), bailleur, responsable de
l'allocation des logements, et **{{ reservataire.nom }}**, réservataire ({{ reservataire.type }}), pour le département
{{ departement.nom }} ({{ departement.code }}).

## Article 2. Objet et droits

Le réservataire dispose, sur le périmètre dit ci-dessous, d'une part du flux annuel des logements mis en location par le
bailleur, après déduction des logements exclus du flux : mutations au sein du parc, relogements liés au renouvellement
urbain (ANRU), à une opération de requalification des copropriétés dégradées (ORCOD), à l'insalubrité ou à une vente.

{{ tableau_des_droits }}

{% si perimetre_unique %}
Total : {{ taux.total }} du flux.
{% sinon %}
Les droits s'additionnent là où leurs périmètres se recouvrent : {{ taux.maximum }} du flux au plus sur une même commune.
{% fin %}

{% si perimetre_particulier %}
Périmètre particulier : {{ motif_du_perimetre }}
{% fin %}

{% si avec_part_hors_qpv %}
Part du flux situé hors quartier prioritaire réservée à l'État : {{ part_hors_qpv }} au moins.
{% fin %}

{{ derogation }}

## Article 3. Gestion et délais

{% si gestion_deleguee %}
La gestion est **déléguée**{% si avec_delegataire %}, confiée à {{ delegataire.nom }}{% fin %} : les candidats sont
choisis parmi les publics du réservataire, à qui il en est rendu compte, au moins dans le bilan annuel.
{% sinon %}
La gestion est **directe** : le réservataire présente {% si avec_nombre_de_candidats %}{{ nombre_de_candidats }}
candidats{% sinon %}ses candidats{% fin %} dans un délai de {{ delai_de_presentation }} à compter de la mise à
disposition du logement.

Sans candidat dans le délai, le bailleur reprend le logement pour un tour ; celui-ci {% si carence_decomptee %}est
décompté{% sinon %}n'est pas décompté{% fin %} des droits du réservataire. Un logement rendu avant la fin du délai
n'est pas décompté.
{% fin %}

## Article 4. Décompte et report

Un logement est décompté à la date suivante : {{ fait_generateur }}. Report du solde sur l'année suivante :
{{ report }}{% si report_plafonne %}, dans la limite de {{ report.plafond }}{% fin %}.

## Article 5. Premières mises en location

Les premières mises en location d'un programme neuf font l'objet d'une concertation avec les réservataires concernés.
Elles sont comptées ainsi : {{ premieres_locations }}. Les logements entrent ensuite dans le flux.

## Article 6. Information et bilan

Avant le 28 février, le bailleur transmet au réservataire :

- le bilan des logements proposés et attribués l'année précédente, par réservataire et selon leurs caractéristiques ;
- l'information sur les logements qu'il prévoit de soustraire du flux de l'année, et leur affectation.

## Article 7. Durée et évaluation

La convention prend effet {{ date.effet }}{% si avec_terme %} et s'achève le {{ date.terme }} inclus{% sinon %}, sans
terme{% fin %}. Elle est évaluée chaque année et peut être modifiée par avenant.

## Article 8. Transmission

Sitôt signée, la convention est transmise par le bailleur au préfet du département et, selon le territoire, au président
de chaque intercommunalité concernée, de l'établissement public territorial ou de la métropole, ou au maire de Paris.

## Signatures

{{ tableau_des_signatures }}

{{ annexe_patrimoine }}
"""


def deplier(texte: str) -> str:
    """Le même gabarit, un paragraphe par ligne : ce qu'on donne à récrire à l'écran."""
    lignes: list[str] = []
    for ligne in texte.split("\n"):
        suite = bool(ligne) and bool(lignes) and bool(lignes[-1]) and not ligne.startswith(_BLOCS)
        if suite and not lignes[-1].startswith(_BLOCS):
            lignes[-1] += f" {ligne}"
        else:
            lignes.append(ligne)
    return "\n".join(lignes)
