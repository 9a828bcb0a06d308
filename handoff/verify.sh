#!/bin/sh
# Checks this bundle: its sums, the format of its HCL and, where Terraform can be initialized, its validity.
# Needs sh, and sha256sum or shasum. TF names another Terraform, as in: TF=tofu sh verify
# Nothing in this folder is written. Exit code 0: all that could be checked is right; 1: something is not.
set -u
cd "$(dirname "$0")" || exit 1
tf=${TF:-}
if [ -z "$tf" ]; then
  for name in terraform tofu; do
    if command -v "$name" >/dev/null 2>&1; then tf=$name; break; fi
  done
fi
failed=0
said() { printf '%-9s %s\n' "$1" "$2"; }

if command -v sha256sum >/dev/null 2>&1; then sums='sha256sum'; else sums='shasum -a 256'; fi
if $sums -c SHA256SUMS >/dev/null 2>&1; then
  said ok "sums: every file is as it was handed over"
else
  said FAILED "sums: these files are not as they were handed over:"
  $sums -c SHA256SUMS 2>/dev/null | grep -v ': OK$' | sed 's/^/          /'
  failed=1
fi

if [ -z "$tf" ]; then
  said 'not done' "format and validity: neither terraform nor tofu is on the PATH"
  exit "$failed"
fi

if "$tf" fmt -check -recursive terraform >/dev/null 2>&1; then
  said ok "format: $tf fmt has nothing to change"
else
  said FAILED "format: $tf fmt -check -recursive terraform"
  failed=1
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for kind in terraform terraform-json; do
  mkdir "$work/$kind"
  # Terraform's own files, of somebody who already works here, stay where they are.
  for file in "$kind"/*.tf "$kind"/*.tf.json; do
    [ -f "$file" ] && cp "$file" "$work/$kind/"
  done
  # Relative: the variable TF_DATA_DIR of the caller does not come along.
  if (cd "$work/$kind" && unset TF_DATA_DIR && "$tf" init -backend=false -input=false -no-color >"$work/log" 2>&1); then
    if (cd "$work/$kind" && unset TF_DATA_DIR && "$tf" validate -no-color >"$work/log" 2>&1); then
      said ok "validity: $tf validate in $kind"
    else
      said FAILED "validity: $tf validate in $kind"
      sed 's/^/          /' "$work/log"
      failed=1
    fi
  else
    said 'not done' "validity in $kind: $tf init cannot get the provider here:"
    grep 'Error' "$work/log" | head -n 3 | sed 's/^[^E]*/          /'
  fi
done
exit "$failed"
