"""The pages of the dashboard: widgets and calls into geomap, no logic of their own."""
