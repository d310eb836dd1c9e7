"""De petites années de moteur pour les essais : à la main, ou tirées par hypothesis."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from attributions.domaine.faits_moteur import (
    AGENTS,
    PRIORITAIRES,
    CompteDecide,
    FaitsMoteur,
    Ligne,
    LogementLibere,
    Partie,
    Plafond,
    U,
    parc_des_logements,
)

ANNEE = 2025
COMMUNES = ("A", "B", "C")
DEPARTEMENT = frozenset(COMMUNES)
PLAFOND = Plafond(date(2020, 1, 1), 3_000, 500)


def libere(
    numero: int, commune: str = "A", *, le: date | None = None, typologie: str = "T3", qpv: bool = False
) -> LogementLibere:
    """Une libération PLUS ; par défaut tous les deux jours à partir du 1er février."""
    jour = le or date(ANNEE, 2, 1) + timedelta(days=2 * numero)
    return LogementLibere(f"L{numero:03d}", jour, commune, qpv, typologie, "PLUS", annee=ANNEE)


def partie(
    code: str, taux: int, communes: frozenset[str] = DEPARTEMENT, assiette: frozenset[str] | None = None
) -> Partie:
    """Un réservataire à une ligne."""
    return Partie(code, code, (Ligne(taux, communes if assiette is None else assiette, communes),))


def etat(prioritaires: int = 3_000, agents: int = 0) -> Partie:
    """L'État : ses lignes par sous-contingent."""
    lignes = [Ligne(prioritaires, DEPARTEMENT, DEPARTEMENT, sous_contingent=PRIORITAIRES)]
    if agents:
        lignes.append(Ligne(agents, DEPARTEMENT, DEPARTEMENT, sous_contingent=AGENTS))
    return Partie("ETAT94", "État", tuple(lignes), est_etat=True)


def annee(*liberations: LogementLibere, parties: tuple[Partie, ...] | None = None, **autres: object) -> FaitsMoteur:
    """Une année, par défaut celle des cas chiffrés : État 30, Action Logement 20, commune A 20 sur A."""
    defaut = (etat(), partie("AL", 2_000), partie("COMA", 2_000, frozenset("A")))
    champs = {"parc": parc_des_logements(liberations), "plafonds": (PLAFOND,), "communes": DEPARTEMENT, **autres}
    return FaitsMoteur(ANNEE, defaut if parties is None else parties, tuple(liberations), **champs)  # type: ignore[arg-type]


zones = st.sets(st.sampled_from(COMMUNES), min_size=1).map(frozenset)
jours = st.dates(date(ANNEE, 1, 1), date(ANNEE, 12, 31))


@st.composite
def lignes(tirer: st.DrawFn, sous_contingent: str = "", maximum: int = 2_500) -> Ligne:
    """Une ligne de droit : parfois de zone, parfois datée."""
    perimetre = tirer(zones)
    assiette = tirer(st.one_of(st.just(perimetre), zones))
    debut = tirer(st.one_of(st.just(date.min), jours))
    fin = tirer(st.one_of(st.none(), st.dates(max(debut, date(ANNEE, 1, 1)), date(ANNEE + 1, 12, 31))))
    return Ligne(tirer(st.integers(0, maximum)), assiette, perimetre, debut, fin, sous_contingent, tirer(st.booleans()))


@st.composite
def annees(tirer: st.DrawFn, *, maximum: int = 14, decisions: bool = True, stable: bool = False) -> FaitsMoteur:
    """Une petite année quelconque : zones, dates, reports, décisions réelles, rendus, garde hors QPV."""
    reports = st.integers(-2 * U, 2 * U)
    autres = [
        Partie(
            code,
            code,
            (
                partie(code, tirer(st.integers(0, 2_500)), tirer(zones)).lignes
                if stable
                else tuple(tirer(st.lists(lignes(), min_size=1, max_size=2)))
            ),
            {"": tirer(reports)} if not stable and tirer(st.booleans()) else {},
        )
        for code in tirer(st.sampled_from([("AL",), ("AL", "CAF"), ("AL", "COMA", "ZONE")]))
    ]
    lignes_de_l_etat = (
        Ligne(2_500, DEPARTEMENT, DEPARTEMENT, sous_contingent=PRIORITAIRES),
        Ligne(500, DEPARTEMENT, DEPARTEMENT, sous_contingent=AGENTS),
    )
    parties = (Partie("ETAT94", "État", lignes_de_l_etat, est_etat=True), *autres)
    codes = [partie_.code for partie_ in parties]
    nombre = tirer(st.integers(1, maximum))
    liberations = []
    for numero in range(nombre):
        un = LogementLibere(
            f"L{numero:03d}",
            tirer(st.dates(date(ANNEE - 1, 11, 1), date(ANNEE, 12, 31))),
            tirer(st.sampled_from(COMMUNES)),
            tirer(st.booleans()),
            tirer(st.sampled_from(("T2", "T3", "T4"))),
            tirer(st.sampled_from(("PLUS", "PLAI"))),
            premiere_location=not stable and tirer(st.integers(0, 9)) == 0,
            annee=ANNEE,
        )
        if decisions and tirer(st.integers(0, 4)) == 0:
            code = tirer(st.sampled_from([*codes, "BAILLEUR"]))
            un = replace(
                un,
                decision=CompteDecide(code, tirer(st.sampled_from((PRIORITAIRES, AGENTS))) if code == "ETAT94" else ""),
            )
        elif decisions and tirer(st.integers(0, 5)) == 0:
            un = replace(un, rendus=frozenset({tirer(st.sampled_from(codes))}))
        liberations.append(un)
    garde = not stable and tirer(st.booleans())
    return FaitsMoteur(
        ANNEE,
        parties,
        tuple(liberations),
        parc=parc_des_logements(liberations),
        rotation=tirer(st.sampled_from((800, 5_000, 40_000))),
        plafonds=(Plafond(date(2020, 1, 1), 3_000, 500, garde),),
        communes=DEPARTEMENT,
    )
