"""The clock's door: jobs and cron that check prices and deliver alerts."""
