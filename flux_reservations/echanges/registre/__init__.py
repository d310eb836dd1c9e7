"""Le registre commun à l'écran : bailleurs, réservataires, et les organismes que les bailleurs demandent (RG-01, RG-02)."""
