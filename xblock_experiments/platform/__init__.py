"""What a site that comes from the platform brings along."""
