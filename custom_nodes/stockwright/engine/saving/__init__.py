"""Pictures as files: encoded in threads of their own, labelled, signed, and put in place whole."""
