"""HTTP to operation, and back. No decisions here."""
