"""The handbook: articles in Markdown as pages, with a search; the technician's articles, which both programs show."""
