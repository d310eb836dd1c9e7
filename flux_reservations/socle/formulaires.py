"""Le rendu des formulaires : résumé d'erreurs en tête, champs accessibles, gabarits du projet."""

from __future__ import annotations

from django.forms.renderers import DjangoTemplates


class Rendu(DjangoTemplates):
    """Rend `{{ form }}` et ses champs avec les composants du projet ; les widgets restent ceux de Django."""

    form_template_name = "composants/formulaire.html"
    field_template_name = "composants/champ.html"

    def get_template(self, template_name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 : moteur de Django, sans type public
        """Cherche les gabarits du projet dans le moteur du projet, ceux des widgets dans celui de Django."""
        if template_name.startswith("composants/"):
            from django.template.loader import get_template  # noqa: PLC0415 : après la configuration

            return get_template(template_name)
        return super().get_template(template_name)
