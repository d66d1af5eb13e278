#!/usr/bin/env bash
# Raises awscdk, ADOT with its contrib modules, and the CDK CLI, in every module, and then runs everything. docs/upgrading.md
# says what is left for a person to do.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
usage: tools/upgrade.sh [--dry-run] [--awscdk v2.X.Y] [--adot v0.X.Y --contrib v0.X.Y] [--cli 2.X.Y]

  --awscdk   version of github.com/aws/aws-cdk-go/awscdk/v2
  --adot     version of ADOT; needs --contrib too, because they only go together
  --contrib  version of the contrib modules that this ADOT is made of; its release notes name it
  --cli      version of the npm package aws-cdk, which must understand awscdk's output
  --dry-run  check that the versions exist and say what would be done, and change nothing
TEXT
}

fail() {
  echo "upgrade.sh: $*" >&2
  exit 2
}

dry='' awscdk='' adot='' contrib='' cli=''
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry=yes ;;
    --awscdk | --adot | --contrib | --cli)
      [ $# -gt 1 ] || fail "$1 needs a version"
      declare "${1#--}=$2"
      shift
      ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && fail "unknown argument $1" ;;
  esac
  shift
done

wanted() { # flag, version, how it starts
  [[ -z $2 || $2 =~ ^$3\.[0-9]+\.[0-9]+$ ]] || fail "--$1 is $2, expected $3.X.Y"
}
wanted awscdk "$awscdk" v2
wanted adot "$adot" v0
wanted contrib "$contrib" v0
wanted cli "$cli" 2
[[ -n $awscdk$adot$contrib$cli ]] || { usage >&2 && fail "nothing to raise"; }
[[ -z $adot || -n $contrib ]] || fail "--adot needs --contrib: the release notes of ADOT $adot name it"
[[ -z $contrib || -n $adot ]] || fail "--contrib needs --adot: the tests run the modules that ADOT is made of"
[[ -n $dry || -z $(git status --porcelain) ]] || fail "the tree has changes; commit them, so that the difference is the upgrade's alone"

# run does a step, or only says it.
run() {
  echo "+ $*"
  [ -n "$dry" ] || "$@"
}

# in_module is run in the folder of a module.
in_module() {
  echo "+ (cd $1 && ${*:2})"
  [ -n "$dry" ] || (cd "$1" && "${@:2}")
}

# replace puts new for old in a file, and fails where there is nothing to replace.
replace() { # file, old, new
  grep -qF -- "$2" "$1" || fail "$1 does not have $2"
  echo "+ $1: $2 -> $3"
  [ -z "$dry" ] || return 0
  local text
  text=$(sed "s|${2//./\\.}|$3|g" "$1")
  printf '%s\n' "$text" >"$1"
}

exists() { # module@version …
  GOFLAGS=-mod=mod go list -m "$@" >/dev/null || fail "not all of it can be had; nothing was changed"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

contrib_path=github.com/open-telemetry/opentelemetry-collector-contrib

# resolve_contrib writes the go.mod of test/e2e at the new versions into $scratch. A listed version may be refused when it is
# downloaded, so it downloads what the packages need; a contrib module that cannot be had is replaced by the newest older one that can.
resolve_contrib() {
  local file=$scratch/go.mod round errors missing module minor
  grep -v "^	$contrib_path/.* => " test/e2e/go.mod | sed "s|\($contrib_path/[^ ]*\) ${old_contrib//./\\.}|\1 $contrib|" >"$file"
  go mod edit -replace "github.com/seed86154836/cdk-otel-prometheus=$PWD" -replace "github.com/seed86154836/cdk-otel-prometheus/preview=$PWD/preview" "$file"
  cp test/e2e/go.sum "$scratch/go.sum"
  for round in {1..20}; do
    errors=$(cd test/e2e && go list -modfile="$file" -mod=mod -deps ./... 2>&1 >/dev/null) && return
    missing=$(grep -oE "$contrib_path/[^ :@]+@v[0-9.]+: " <<<"$errors" | tr -d ': ' | sort -u) || true
    [ -n "$missing" ] || { echo "$errors" >&2; fail "test/e2e cannot be resolved; nothing was changed"; }
    for module in $missing; do
      minor=${module#*@v0.}
      for ((minor = ${minor%%.*} - 1; minor > 0; minor--)); do
        (cd "$scratch" && go mod download "${module%@*}@v0.$minor.0") 2>/dev/null && break
      done
      [ "$minor" -gt 0 ] || fail "no version of ${module%@*} can be had; nothing was changed"
      echo "+ $module cannot be had; replaced by v0.$minor.0"
      go mod edit -replace "${module%@*}=${module%@*}@v0.$minor.0" "$file"
    done
  done
  fail "test/e2e is not resolved after $round rounds: $errors"
}

# replace_contrib makes the replaces of a module those that resolve_contrib found.
replace_contrib() { # folder
  local module version
  for module in $(go mod edit -json "$1/go.mod" | jq -r --arg p "$contrib_path/" '.Replace[]? | select(.Old.Path | startswith($p)) | .Old.Path'); do
    in_module "$1" go mod edit -dropreplace "$module"
  done
  while read -r module version; do
    in_module "$1" go mod edit -replace "$module=$module@$version"
  done < <(go mod edit -json "$scratch/go.mod" | jq -r --arg p "$contrib_path/" '.Replace[]? | select(.Old.Path | startswith($p)) | .New.Path + " " + .New.Version')
}

awscdk_modules=(. test/nag test/ecstypes test/consumer) # those that require awscdk

old_adot=$(sed -n 's/^const ADOTVersion = "\(.*\)"$/\1/p' internal/collector/adot.go)
# shellcheck disable=SC2016 # $2 is awk's
old_contrib=$(awk '/receiver\/prometheusreceiver v/ { print $2 }' test/e2e/go.mod)
old_cli=$(sed -n 's/^CDK_CLI := aws-cdk@//p' Makefile)
[[ -n $old_adot && -n $old_contrib && -n $old_cli ]] || fail "cannot tell the present versions: ADOT '$old_adot', contrib '$old_contrib', CLI '$old_cli'"

# The collector's own modules have two version numbers; those of v1 follow from those of v0.
modules=()
# shellcheck disable=SC2016 # $1 and $2 are awk's
while read -r module; do modules+=("$module"); done < <(awk -v contrib="$contrib" -v old="$old_contrib" \
  '/open-telemetry\/opentelemetry-collector-contrib|go\.opentelemetry\.io\/collector/ && $2 == old && !/indirect/ { print $1 "@" contrib }' test/e2e/go.mod)
[ ${#modules[@]} -gt 10 ] || fail "only ${#modules[@]} modules at $old_contrib in test/e2e/go.mod"

# Before anything is changed.
[ -z "$awscdk" ] || exists "github.com/aws/aws-cdk-go/awscdk/v2@$awscdk"
[ -z "$adot" ] || resolve_contrib

if [ -n "$awscdk" ]; then
  echo "== awscdk $awscdk"
  for module in "${awscdk_modules[@]}"; do
    in_module "$module" go get "github.com/aws/aws-cdk-go/awscdk/v2@$awscdk"
  done
fi

if [ -n "$adot" ]; then
  echo "== ADOT $old_adot -> $adot, contrib $old_contrib -> $contrib"
  replace internal/collector/adot.go "const ADOTVersion = \"$old_adot\"" "const ADOTVersion = \"$adot\""
  replace test/e2e/adot/main.go "$old_adot" "$adot"
  # Images, and the messages that name the version.
  for text in aws-otel-collector: 'part of ADOT '; do
    while read -r file; do
      replace "$file" "$text$old_adot" "$text$adot"
    done < <(git grep -lF -e "$text$old_adot" -- ':!CHANGELOG.md' ':!test/testdata/golden')
  done
  for module in test/e2e preview; do
    replace_contrib "$module"
    in_module "$module" go get "${modules[@]}"
  done
fi

if [ -n "$cli" ]; then
  echo "== CDK CLI $old_cli -> $cli"
  while read -r file; do
    replace "$file" "aws-cdk@$old_cli" "aws-cdk@$cli"
  done < <(git grep -lF -e "aws-cdk@$old_cli" -- ':!CHANGELOG.md')
fi

# advise says what is left to do, also when a test fails.
advise() {
  if [ -n "$adot" ]; then
    cat <<TEXT
== For you: these lines say what somebody read at the old version. Read it at the new one, then change the line.
   Above all the table of components in internal/collector/adot.go: TestComponentTableMatchesTheFactories compares what it can,
   and ADOT's defaultcomponents says the rest.
TEXT
    git grep -nF -e "$old_adot" -e "$old_contrib" -- '*.go' '*.md' '*.yaml' ':!CHANGELOG.md' ':!test/testdata/golden' || true
  fi
  echo "== For you: read git diff, and write into CHANGELOG.md what it means to users; docs/upgrading.md says which version it makes."
}
trap 'advise; rm -rf "$scratch"' EXIT

echo "== everything"
for module in "${awscdk_modules[@]}"; do
  in_module "$module" go mod tidy
done
for module in test/e2e preview; do
  in_module "$module" go mod tidy -e # some modules of contrib's tests may not be had
done
[ -z "$adot" ] || run make keytable
run make golden
run make synth
run make test
run make lint
