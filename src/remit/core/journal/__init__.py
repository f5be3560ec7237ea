"""The journal as values: what a line says, what a chain and a tree over lines prove. No files here."""
