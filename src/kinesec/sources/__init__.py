"""Raw files become motions: data sets, readers, retrieval."""
