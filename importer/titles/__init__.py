"""The title index, made of IMDb's public data: finds titles without an account and without a network."""
