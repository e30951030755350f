"""Find the names of places in a text and tell how they are used."""
