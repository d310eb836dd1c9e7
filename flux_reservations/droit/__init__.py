"""Le droit en code : paramètres datés et sourcés, une règle par fonction ; Python pur, qu'un juriste relit."""
