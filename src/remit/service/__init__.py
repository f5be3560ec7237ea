"""What can be asked of the house. Knows no HTTP, no SQL and no command line."""
