"""What is to be simulated: networks, populations, projections, records and schedules, declarations only."""
