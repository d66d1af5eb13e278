#!/usr/bin/env bash
# Runs the tests of the root module, and fails when they reach less of constructs/ than 90 %.
set -euo pipefail
cd "$(dirname "$0")/.."
least=90
mkdir -p cdk.out
# The tests of test/ go through the public API, so they count for the packages that they reach.
go test -coverpkg=./constructs/...,./internal/... -coverprofile=cdk.out/coverage.out ./... | { grep -v '\[no test files\]\|coverage: 0\.0%' || true; }
go tool cover -func=cdk.out/coverage.out >cdk.out/coverage.txt
reached=$(awk '/^total:/ { sub("%", "", $NF); print $NF }' cdk.out/coverage.txt)
if awk -v reached="$reached" -v least="$least" 'BEGIN { exit !(reached < least) }'; then
  echo "the tests reach $reached % of constructs/, expected at least $least %; they reach least of"
  awk '!/^total:/ { sub("%", "", $NF); print $NF, $1, $2 }' cdk.out/coverage.txt | sort -n | head -20
  exit 1
fi
echo "the tests reach $reached % of constructs/, at least $least % are expected"
