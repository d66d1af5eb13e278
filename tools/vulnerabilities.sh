#!/usr/bin/env bash
# Looks for known vulnerabilities in what users run: the constructs, the samples and the sample app. It fails on one that the code calls.
# Without the database it cannot tell; then it says so and stops, and passes with what it found before, because a network that is down
# is no fault of the code.
# VULNERABILITY_DATABASE is another database, for instance file:///a/copy.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p cdk.out
(cd tools && go build -o ../cdk.out/govulncheck golang.org/x/vuln/cmd/govulncheck)
check=("$PWD/cdk.out/govulncheck" -db "${VULNERABILITY_DATABASE:-https://vuln.go.dev}")
result=0
for module in . sampleapp; do
  echo "govulncheck in $module"
  if (cd "$module" && "${check[@]}" ./...) >cdk.out/govulncheck.txt 2>&1; then
    tail -n 1 cdk.out/govulncheck.txt
  elif grep -q 'fetching vulnerabilities' cdk.out/govulncheck.txt; then
    tail -n 1 cdk.out/govulncheck.txt
    echo "################################################################################"
    echo "##  NOT RUN for $module: the vulnerability database cannot be reached"
    echo "################################################################################"
    break
  else
    cat cdk.out/govulncheck.txt
    result=1
  fi
done
exit $result
