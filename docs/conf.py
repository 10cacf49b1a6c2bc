"""The documentation: `sphinx-build -W --keep-going docs build/docs`. Pages are markdown that GitHub shows as well."""

project = "llmpick"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "llmpick"
# One page may link to a heading of another, as on GitHub.
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block"]
nitpicky = True
exclude_patterns = ["schema/*"]
suppress_warnings: list[str] = []
