"""Actions des bilans : préparer, produire, publier, par un ou par campagne (RG-60 à RG-63)."""
