"""A whole table decided at once: exact decisions at the speed of floats."""
