"""Section 23 of the reference, row by row, and the rules that no row covers."""
