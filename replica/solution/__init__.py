"""What has been solved: batches of rows, and the single solution a user holds."""
