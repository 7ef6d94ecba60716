"""How data sets of videos list their files: a module a data set, which says what trains and what tests."""
