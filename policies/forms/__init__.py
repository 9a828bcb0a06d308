"""The forms of the gate's own files, as JSON schemas (draft 2020-12): one definition, published and checked here."""
