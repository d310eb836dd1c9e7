// Raccourcis clavier d'une pile de travail. Une page les active par un élément data-raccourcis ; ses lignes portent data-ligne, et dans une
// ligne ce que fait une touche porte data-touche (« Enter », « a », « x »…). « j » et « k » changent de ligne, « ? » ouvre l'aide.
// On peut les couper (WCAG 2.1.4) : la case de l'aide est retenue d'une page à l'autre.
"use strict";

(() => {
  const CLE = "raccourcis-coupes";
  const aide = document.getElementById("aide-raccourcis");
  const lignes = () => [...document.querySelectorAll("[data-raccourcis] [data-ligne]")];
  const coupes = () => window.localStorage.getItem(CLE) === "1";

  function choisir(ligne) {
    for (const autre of lignes()) autre.removeAttribute("aria-current");
    ligne.setAttribute("aria-current", "true");
    if (!ligne.hasAttribute("tabindex")) ligne.tabIndex = -1;
    ligne.focus({ preventScroll: true });
    ligne.scrollIntoView({ block: "nearest" });
  }

  function courante() {
    const toutes = lignes();
    return toutes.find((ligne) => ligne.contains(document.activeElement)) || toutes.find((ligne) => ligne.getAttribute("aria-current") === "true");
  }

  function deplacer(pas) {
    const toutes = lignes();
    if (!toutes.length) return;
    const rang = toutes.indexOf(courante());
    const suivant = rang < 0 ? (pas > 0 ? 0 : toutes.length - 1) : Math.min(Math.max(rang + pas, 0), toutes.length - 1);
    choisir(toutes[suivant]);
  }

  function estUneSaisie(cible) {
    return cible.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]");
  }

  document.addEventListener("keydown", (evenement) => {
    if (evenement.ctrlKey || evenement.metaKey || evenement.altKey || estUneSaisie(evenement.target)) return;
    if (evenement.key === "?" && aide) {
      evenement.preventDefault();
      aide.showModal();
      return;
    }
    if (coupes() || !document.querySelector("[data-raccourcis]")) return;
    if (evenement.key === "j" || evenement.key === "k") {
      evenement.preventDefault();
      deplacer(evenement.key === "j" ? 1 : -1);
      return;
    }
    const ligne = courante();
    if (!ligne || (evenement.key === "Enter" && evenement.target !== ligne)) return;
    const action = ligne.querySelector(`[data-touche="${CSS.escape(evenement.key)}"]`);
    if (action) {
      evenement.preventDefault();
      action.click();
    }
  });

  // Après une décision, htmx remplace la ligne : on reprend à la même place.
  let rangAvant = -1;
  document.addEventListener("htmx:beforeSwap", () => {
    rangAvant = lignes().indexOf(courante());
  });
  document.addEventListener("htmx:afterSettle", () => {
    const toutes = lignes();
    if (rangAvant >= 0 && toutes.length && !courante()) choisir(toutes[Math.min(rangAvant, toutes.length - 1)]);
    rangAvant = -1;
  });

  if (aide) {
    const interrupteur = aide.querySelector("[data-couper-raccourcis]");
    if (interrupteur) {
      interrupteur.checked = coupes();
      interrupteur.addEventListener("change", () => window.localStorage.setItem(CLE, interrupteur.checked ? "1" : "0"));
    }
    for (const bouton of document.querySelectorAll("[data-ouvrir-raccourcis]")) {
      bouton.addEventListener("click", () => aide.showModal());
    }
  }
})();
