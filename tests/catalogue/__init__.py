"""The error catalogue: for each code the smallest thing that causes it, and the text that is printed for it."""
