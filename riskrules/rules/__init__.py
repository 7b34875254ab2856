"""One file a rule kind: what may be written, and what it means in terms."""
