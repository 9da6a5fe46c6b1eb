"""The experiments of the papers that this toolkit grew from, by name, each beside what was published."""
