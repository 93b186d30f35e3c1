#!/usr/bin/env bash
# Make .venv-peers: this checkout and the packages that the benchmarks compare it with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/environment.sh
# torch comes first: a plain `torch`, as Snorkel asks for it, takes gigabytes.
make_environment .venv-peers peers torch==2.13.0 -- -e '.[snorkel,crowd,dask]'
