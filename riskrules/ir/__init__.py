"""Named terms, the one table of operations, and the exact walk that everything else observes."""
