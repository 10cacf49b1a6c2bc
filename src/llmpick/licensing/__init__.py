"""Licenses of models: what they say (schema), what that means for one use (judge), and how it reads (wording)."""
