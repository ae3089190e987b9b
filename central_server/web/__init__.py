"""What all pages share: layout, static files, languages, figures, access."""
