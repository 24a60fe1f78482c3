"""Modifiers: words that stand in a prompt after its subject, and which of them to add.

phrases         a prompt's pieces, and which of them can be a modifier
table           how often each phrase stands in a set of prompts, and with which subjects
contradictions  what cannot be said together, as designers write it down
verdicts        likes and dislikes of phrases
drawing         the draw by all of these
"""
