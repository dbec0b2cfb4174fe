"""etudes."""
