"""How costs grow along each axis of an estate: measured, kept as raw figures, drawn again."""
