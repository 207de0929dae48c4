"""What a test says against what a run did. Pure: it looks at entries that are there already."""
