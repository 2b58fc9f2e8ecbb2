"""What happens over time: jobs, from before their POST to their file. Knows no notebook."""
