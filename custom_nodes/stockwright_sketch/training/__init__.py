"""Trains the sketch checkpoint from nothing: pictures, autoencoder, text encoders, UNet."""
