#!/usr/bin/env bash
# Makes tests/fixtures/: <path>.cgr, the reference compiler's CodeGeneratorRequest for every schema of
# tests/schemas; errors/<name>.lines, the lines of tests/errors/<name>.capnp that the reference complains of;
# VERSION. Uses the `capnp` on PATH (Debian: package capnproto, 0.9.2).
# Schemas under newer/ need release 1.0 or later; 0.9.2 is given tests/spelled-out, which says the same in older words.
set -euo pipefail
cd "$(dirname "$0")/.."
fixtures=tests/fixtures
rm -rf "$fixtures"; mkdir -p "$fixtures"
capnp --version > "$fixtures/VERSION"

compile() { # prefix, then files under it
  local prefix=$1; shift
  capnp compile -o- --no-standard-import --src-prefix="$prefix" -Itests/include -Istd "${@/#/$prefix/}"
}

schemas=$(cd tests/schemas && find . -name '*.capnp' | cut -c3- | LC_ALL=C sort)
for schema in $schemas; do
  mkdir -p "$fixtures/$(dirname "$schema")"
  case "$schema" in newer/*) prefix=tests/spelled-out ;; *) prefix=tests/schemas ;; esac
  compile "$prefix" "$schema" > "$fixtures/$schema.cgr"
done
# One request for several files, which import each other.
compile tests/schemas imports/main.capnp imports/unused.capnp imports/deep/middle.capnp > "$fixtures/several.cgr"

# Which lines, not which words: the messages are ours.
mkdir -p "$fixtures/errors"
for schema in tests/errors/*.capnp; do
  name=$(basename "$schema" .capnp)
  if capnp compile -o- --no-standard-import -Itests/include -Istd "$schema" > /dev/null 2> "$fixtures/errors/$name.tmp"; then
    echo "accepted: $schema" >&2; exit 1
  fi
  sed -n "s|^$schema:\([0-9]*\):.*|\1|p" "$fixtures/errors/$name.tmp" | sort -nu > "$fixtures/errors/$name.lines"
  rm "$fixtures/errors/$name.tmp"
done
