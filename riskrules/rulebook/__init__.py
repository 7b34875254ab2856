"""Rulebooks: versions as of a time, joined and proved into one plan."""
