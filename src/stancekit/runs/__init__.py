"""Finished trainings: their record, where it is kept, and what follows from several."""
