"""Model files: which there are, where they come from and go to, and whether they are what they say.

Nothing here opens a model with anything but a parser of its header; what needs PyTorch runs in
another process.
"""
