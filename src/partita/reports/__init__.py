"""Runs, clips and scores become a page to look at and listen to, and the recipe of the demo."""
