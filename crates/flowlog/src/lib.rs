//! Sightings to windows to flow-log records; formats, parsing and printing.
