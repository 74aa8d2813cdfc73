"""Two units of common inputs whose overlaps with each other are order parameters: students drawn as their teacher."""
