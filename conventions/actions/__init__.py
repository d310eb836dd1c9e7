"""Les actions des conventions : préparer, proposer, signer, remplacer, résilier (RG-10 à RG-20)."""
