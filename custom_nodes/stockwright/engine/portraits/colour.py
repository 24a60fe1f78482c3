"""White balance and exposure of a photo, brought halfway to the usual and never far.

The light's colour is estimated by shades of grey (Finlayson and Trezzi, "Shades of gray and colour
constancy", 2004): the Minkowski mean, p = 6, of each channel. A photo with much of one colour
deceives it, so only half of the correction is made, and no more than `_MOST`.
"""

from __future__ import annotations

import torch

_P, _HALF, _MOST = 6, 0.5, 0.12
_LOW, _HIGH = 0.01, 0.99
_BLACK, _WHITE = 0.03, 0.95
"""Where the darkest and the brightest hundredth of a photo usually lie."""
_SMALL = 8
"""Every so manieth pixel is looked at, across and down."""


def corrected(picture: torch.Tensor) -> torch.Tensor:
    """A picture (3, height, width), RGB in [0, 1]; a grey one stays grey."""
    seen = picture[:, ::_SMALL, ::_SMALL].flatten(1).double()
    means = seen.pow(_P).mean(1).pow(1 / _P).clamp(min=1e-4)
    gains = (means.mean() / means).pow(_HALF).clamp(1 - _MOST, 1 + _MOST)
    luma = (seen * gains[:, None]).mean(0)
    low, high = luma.quantile(_LOW), luma.quantile(_HIGH)
    black = float(low + (torch.clamp(low, max=_BLACK) - low) * _HALF)
    white = float(high + (torch.clamp(high, min=_WHITE) - high) * _HALF)
    # A straight line that takes low and high to where they shall be, not steeper than wise.
    steep = min((white - black) / max(float(high - low), 1e-3), 1 + 2 * _MOST)
    middle = float(low + high) / 2
    balanced = picture * gains.to(picture)[:, None, None]
    return ((balanced - middle) * steep + (black + white) / 2).clamp(0, 1)
