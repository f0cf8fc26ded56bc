"""Run folders, and what is written from them: tables, plots, pages, cards."""
