"""Money, ratio, size, price and time: parsed exactly, said readably.  Nothing here rounds."""
