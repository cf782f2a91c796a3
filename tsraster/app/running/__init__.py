"""What the page carries out, and how it is spelled."""
