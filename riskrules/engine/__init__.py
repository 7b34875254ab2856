"""Snapshots in, decisions out: the door, the rows, the explanation and the inverse questions."""
