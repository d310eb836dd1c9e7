// Le confort d'interface : apparence sans recharger, confirmation dans un dialogue, filtres immédiats, focus sur les erreurs.
// Sans ce fichier tout marche : formulaires et liens ordinaires.
"use strict";

(() => {
  const UN_AN = 31536000;

  // Apparence : le cookie est lu par le serveur, donc la page suivante arrive déjà dans le bon thème.
  document.addEventListener("submit", (evenement) => {
    const formulaire = evenement.target.closest("[data-theme-choix]");
    const bouton = evenement.submitter;
    if (!formulaire || !bouton) return;
    evenement.preventDefault();
    const theme = bouton.value;
    document.cookie = `theme=${theme}; path=/; max-age=${theme ? UN_AN : 0}; samesite=lax`;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const autre of document.querySelectorAll("[data-theme-choix] button")) {
      autre.setAttribute("aria-pressed", String(autre.value === theme));
    }
  });

  // Confirmation : un lien data-dialogue ouvre dans un dialogue la partie data-confirmation de la page qu'il désigne.
  async function ouvrirConfirmation(lien) {
    const reponse = await fetch(lien.href, { headers: { "X-Requested-With": "fetch" } });
    const page = new DOMParser().parseFromString(await reponse.text(), "text/html");
    const contenu = page.querySelector("[data-confirmation]");
    if (!reponse.ok || !contenu) {
      window.location.assign(lien.href);
      return;
    }
    const dialogue = document.createElement("dialog");
    const titre = document.createElement("h2");
    titre.id = "titre-dialogue";
    titre.textContent = page.querySelector("h1").textContent;
    dialogue.setAttribute("aria-labelledby", titre.id);
    dialogue.append(titre, document.importNode(contenu, true));
    const formulaire = dialogue.querySelector("form");
    if (formulaire && !formulaire.getAttribute("action")) formulaire.action = lien.href;
    dialogue.addEventListener("click", (clic) => {
      if (clic.target === dialogue || clic.target.closest("[data-fermer]")) {
        clic.preventDefault();
        dialogue.close();
      }
    });
    dialogue.addEventListener("close", () => {
      dialogue.remove();
      lien.focus();
    });
    document.body.append(dialogue);
    dialogue.showModal();
  }

  document.addEventListener("click", (evenement) => {
    const lien = evenement.target.closest("a[data-dialogue]");
    if (!lien || evenement.metaKey || evenement.ctrlKey || evenement.shiftKey) return;
    evenement.preventDefault();
    ouvrirConfirmation(lien);
  });

  // Une liste filtrée sur place dit son nouveau nombre de lignes aux lecteurs d'écran (la zone d'annonce, elle, ne bouge pas).
  document.addEventListener("htmx:afterSettle", () => {
    const annonce = document.getElementById("annonce-liste");
    const liste = document.getElementById("liste");
    if (!annonce || !liste) return;
    const total = liste.querySelector("[data-total]") || liste.querySelector(".vide h2");
    annonce.textContent = total ? total.textContent.trim() : "";
  });

  // Un résumé d'erreurs prend le focus à l'arrivée ; son lien mène au champ.
  const resume = document.querySelector("[data-focus]");
  if (resume) resume.focus();
})();
