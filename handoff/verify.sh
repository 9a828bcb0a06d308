#!/bin/sh
# Checks this bundle: its sums, and that nothing was added; the format of its HCL and, where Terraform can be
# initialized, its validity. Needs sh, grep, sed, and sha256sum or shasum.
# TF names another Terraform, as in: TF=tofu sh verify
# Nothing in this folder is written. Exit code 0: all that could be checked is right; 1: something is not.
set -u
unset CDPATH GLOBIGNORE
cd -- "$(dirname -- "$0")" || exit 1
tf=${TF:-}
if [ -z "$tf" ]; then
  for name in terraform tofu; do
    if command -v "$name" >/dev/null 2>&1; then tf=$name; break; fi
  done
fi
failed=0
said() { printf '%-9s %s\n' "$1" "$2"; }

if command -v sha256sum >/dev/null 2>&1; then sums='sha256sum'; else sums='shasum -a 256'; fi
# Names are shown with a ? for what a terminal would not print.
shown() { LC_ALL=C sed 's/[^ -~]/?/g; s/^/          /'; }
line='
'

# Everything below a folder that was not handed over: files, links, pipes, folders, hidden ones too.
added() {
  if [ ! -r "$1" ] || [ ! -x "$1" ]; then
    printf '%s\n' "$1: cannot be read"
    return
  fi
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ ! -e "$entry" ] && [ ! -h "$entry" ]; then continue; fi
    path=${entry#./}
    case $path in
      *"$line"*)
        printf '%s\n' "${path%%"$line"*}?...: a name with a line break"
        continue
        ;;
    esac
    if [ -h "$entry" ]; then
      printf '%s\n' "$path: a link"
    elif [ -d "$entry" ]; then
      case $line$known in
        *"$line$path/"*) added "$entry" ;;
        *) printf '%s\n' "$path: a folder" ;;
      esac
    elif [ ! -f "$entry" ]; then
      printf '%s\n' "$path: neither file nor folder"
    else
      case $line$known$line in
        *"$line$path$line"*) ;;
        *) printf '%s\n' "$path: added" ;;
      esac
    fi
  done
}

if [ ! -f SHA256SUMS ] || [ -h SHA256SUMS ]; then
  said FAILED "sums: SHA256SUMS is not there, or is no file"
  exit 1
fi
# Behind each sum and two blanks, a name; none has a line break.
known="SHA256SUMS$line$(sed 's/^[0-9a-f]*  //' SHA256SUMS)"
changed=$($sums -c SHA256SUMS 2>/dev/null || echo 'SHA256SUMS: not all of it holds')
changed=$(printf '%s\n' "$changed" | grep -v ': OK$')
beside=$(added .)
if [ -z "$changed$beside" ]; then
  said ok "sums: every file is as it was handed over, and nothing was added"
else
  said FAILED "sums: these files are not as they were handed over:"
  printf '%s\n' "$changed$line$beside" | grep . | shown
  case $line$beside in
    *"$line"terraform*/.terraform*) said '' "(.terraform and what else begins so is Terraform's own, once it was initialized here)" ;;
  esac
  said 'not done' "format and validity: what is told above comes first"
  exit 1
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
trap 'exit 130' HUP INT TERM
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
