"""The report's figures: inline SVG with a name, a description, and colours that follow light and dark."""
