"""Les pages autour du flux : une analyse par module, toutes bâties sur `commun.PageAnalyse` (ecrans.md, bailleur 3)."""
