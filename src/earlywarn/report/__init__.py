"""What people look at: the report as a page, and the plots for notebooks."""
