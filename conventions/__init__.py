"""Conventions : bailleurs, réservataires, patrimoine daté, réservations en stock, conventions et leurs droits."""
