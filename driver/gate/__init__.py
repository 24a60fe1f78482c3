"""The quality gate: finished pictures examined in worker processes.

    worker.py workers.py   the processes, and what runs in them
    examining.py near.py   the way of a picture through the gate; near-duplicates
    verdicts.py rejects.py what the ledger keeps; where rejected pictures go
    describing.py sizes.py what a CLIP-vision model sees; the size that was asked for
    quality.py             the file that says what is examined
    opening.py             all of it put together for a run

Nothing is imported here: a worker that starts loads this package, and needs little of it.
"""
