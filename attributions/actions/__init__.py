"""Les actions des attributions : chaque changement d'état, son droit d'accès, son verrou, sa règle, son journal."""
