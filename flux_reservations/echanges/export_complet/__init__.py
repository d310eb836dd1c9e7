"""« Exporter tout » à l'écran : une demande motivée, une archive faite par un travailleur, gardée quelques jours (RG-70)."""
