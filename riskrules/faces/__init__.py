"""An explanation for other eyes than a terminal's: Markdown, and one HTML file with its pictures."""
