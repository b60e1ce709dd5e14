"""Image experiments (needs the extra `deep`)."""
