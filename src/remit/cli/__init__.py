"""Command line to operation, or a pure offline check, to text."""
