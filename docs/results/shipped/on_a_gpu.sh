#!/usr/bin/env bash
# Check a GPU and train a model on it, in a given time: the tests that need CUDA, the benchmark with its cuda rows, then
# both tiers in size `wide` for the rest. The run and the benchmark's results are left in OUT.
#
#     bash docs/results/shipped/on_a_gpu.sh RECORDINGS OUT [MINUTES]
set -euo pipefail

recordings=$1 out=$2 minutes=${3:-9}
begun=$SECONDS
mkdir -p "$out"
export NUMBA_CACHE_DIR="${NUMBA_CACHE_DIR:-$out/cache}" PYTHONPATH="${PYTHONPATH:-src}"

# each part has a limit, and one that fails does not stop the others: half of the time is for training
limit=$((minutes * 60 / 6))
timeout "$limit" python -m pytest -m gpu -q tests > "$out/tests.log" 2>&1 || echo "tests failed: see $out/tests.log"
for part in sampler training; do
  timeout "$limit" python -m partita bench "$part" --json > "$out/bench-$part.json" 2> "$out/bench-$part.log" ||
    echo "no benchmark of the $part: see $out/bench-$part.log"
done

python -m partita prepare "$recordings" --out "$out/corpus" --sample-rate 16000 --no-trim --peak-dbfs -0.9 --notes \
  --test none --validation-seconds 60
# the last half minute is for saving and copying
left=$(python -c "print(f'{($minutes * 60 - ($SECONDS - $begun) - 30) / 60:.2f}')")
python -m partita train "$out/corpus" --out "$out/run" --size wide --device cuda --batch 16 --minutes "$left" \
  --patience 0 --preview-clips 0 --no-tensorboard
