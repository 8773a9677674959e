"""Latent factor models."""
