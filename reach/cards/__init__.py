"""Cards: what a thing of a snapshot is, who uses it, and what each of its rules can still do."""
