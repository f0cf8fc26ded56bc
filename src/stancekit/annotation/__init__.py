"""Annotation by several people: the project file, who judges what in which order, and the pages."""
