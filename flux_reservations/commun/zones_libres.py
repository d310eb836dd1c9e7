"""Avertir quand un texte libre pourrait contenir ce qui n'a pas à y être (RG-72) : santé, origine, violences, identité."""

from __future__ import annotations

import re

from flux_reservations.commun.tri import cle_de_tri

_MOTS: dict[str, tuple[str, ...]] = {
    "la santé": (
        "maladie", "malade", "cancer", "handicap", "handicape", "handicapee", "depression", "psychiatrique", "enceinte", "grossesse",
        "hospitalise", "hospitalisee", "vih", "alcoolique", "toxicomane", "invalidite", "medical", "medicale",
    ),
    "l'origine ou les convictions": (
        "nationalite", "etranger", "etrangere", "immigre", "immigree", "refugie", "refugiee", "religion", "musulman", "musulmane",
        "juif", "juive", "chretien", "chretienne", "africain", "africaine", "maghrebin", "maghrebine", "rom", "syndicat",
    ),
    "des violences ou la justice": (
        "violence", "violences", "viol", "agression", "battue", "prison", "incarcere", "detenu", "condamne", "plainte",
    ),
}  # fmt: skip
_MOTIFS = (
    ("un courriel", re.compile(r"[\w.+-]+@[\w-]+\.\w+")),
    ("un téléphone", re.compile(r"(?<!\d)0[1-9](?:[ .-]?\d\d){4}(?!\d)")),
    ("un numéro de demande", re.compile(r"(?<![0-9A-Z])\d{3}\d{6}[0-9A-Z]{9}(?![0-9A-Z])", re.IGNORECASE)),
    ("un nom de personne", re.compile(r"\b(?:M\.|Mme|Mlle|Monsieur|Madame)\s+[A-ZÉÈÀÇ]")),
)


def reperer_le_sensible(texte: str) -> list[str]:
    """Ce que le texte semble contenir et ne devrait pas ; vide s'il n'y a rien à en dire. Avertit, ne prouve rien."""
    mots = set(re.findall(r"[a-z]+", cle_de_tri(texte)))
    trouves = [sujet for sujet, liste in _MOTS.items() if mots & set(liste)]
    return trouves + [sujet for sujet, motif in _MOTIFS if motif.search(texte)]
