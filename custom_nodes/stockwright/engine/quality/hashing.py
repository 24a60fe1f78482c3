"""A picture's perceptual hash: nearly the same for pictures that look nearly the same."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import fft

_SIDE, _KEPT = 32, 8


def phash(picture: Image.Image) -> str:
    """64 bits as 16 hexadecimal digits, for `core.likeness`.

    The signs of the 64 lowest frequencies of the luma at 32 x 32, against their median (Zauner,
    "Implementation and benchmarking of perceptual image hash functions", 2010). The mean is left
    out of the median: it would only say how bright the picture is.
    """
    small = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    low = fft.dctn(np.asarray(small, np.float64), norm="ortho")[:_KEPT, :_KEPT].ravel()
    bits = low > np.median(low[1:])
    return np.packbits(bits).tobytes().hex()
