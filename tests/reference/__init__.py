"""A second, slow and plain implementation of the specification, to hold the real one against.

It shares no code with `renkei`: only the published tables (statuses, nationalities, MHLW codes, the data
dictionary, kanji variants). `oracle` computes, `worlds` invents registers and notifications, `READINGS.md`
says how each sentence that can be read two ways was read.
"""
