"""Les territoires : référentiel national livré, résolution des codes (RG-04)."""
