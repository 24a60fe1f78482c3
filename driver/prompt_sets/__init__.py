"""Sets of prompts: reading them from files, and counting what stands in them."""
