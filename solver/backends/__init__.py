"""Ways to decide problems, one file each; none is imported until somebody asks for it by name."""
