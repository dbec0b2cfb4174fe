"""Clips that become copies of other clips: the columns of their queues, moved by a compiled loop.

The queues of a group of clips are one array, layer after layer, each (slots, clips, channels). This file
does not know why a clip is copied, threads or networks.
"""

from typing import Any

from partita.ops.numba_cache import compiled_on_disk


@compiled_on_disk(error_model="numpy")
def copy_columns(
    ring: Any, from_rings: Any, from_clips: Any, sources: Any, to_rings: Any, to_clips: Any, targets: Any,
    channels: Any,
) -> None:  # fmt: skip
    """Overwrite columns of one group's queues by columns of another's, or of its own.

    Args:
        ring: (layers,) records; of each the slots count. Both groups are at the same slot.
        from_rings, to_rings: the groups' queues, flat float32; may be one and the same array.
        from_clips, to_clips: how many clips each group has.
        sources, targets: (n,) int64 columns; no target is a source.
        channels: floats of a column in one slot.
    """
    done = 0
    for layer in range(len(ring)):
        for slot in range(done, done + ring[layer].slots):
            for i in range(len(targets)):
                old = (slot * from_clips + sources[i]) * channels
                new = (slot * to_clips + targets[i]) * channels
                for channel in range(channels):
                    to_rings[new + channel] = from_rings[old + channel]
        done += ring[layer].slots
