"""The doctor's findings in a terminal: `page` lays them out, `plots` draws curves of one line."""
