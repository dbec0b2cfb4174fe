"""What all pages of the local page share: security, templates and errors. No page is here."""
