"""Features of a sound: frames of log-mel bands, pitch and periodicity, about 100 a second.

It does not know corpora or networks.
"""
