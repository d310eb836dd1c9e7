"""Pièces : documents déposés ou produits, adressés par leur empreinte."""
