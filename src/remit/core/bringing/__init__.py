"""Somebody's Casbin policy into this layout: what its model means, what its lines say, how that is written here, and
the proof that both decide the same."""
