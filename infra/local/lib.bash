# What `up` and `down` have in common: processes are known by number and by the instant they began, so that a number
# which the system has given to somebody else meanwhile is never touched.

say() { printf '%s\n' "$@"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# began PID: when the process began, in ticks since the machine did; empty when there is none.
began() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # The name may hold spaces; what follows its bracket begins with the third field, the state, and the instant is the 22nd.
  read -ra fields <<<"${stat##*) }"
  # A zombie has ended.
  [ "${fields[0]}" = Z ] || printf '%s' "${fields[19]}"
}

# alive FILE: whether the process that a file of `processes` names still runs.
alive() {
  local pid start
  [ -s "$1" ] || return 1
  read -r pid start <"$1"
  [ -n "$start" ] && [ "$(began "$pid")" = "$start" ]
}

# end FILE SIGNAL SECONDS: asks it to end, waits, and kills it if it does not.
end() {
  local pid start tenths=$(($3 * 10))
  if alive "$1"; then
    read -r pid start <"$1"
    kill "-$2" "$pid" 2>/dev/null || true
    while alive "$1" && [ $((tenths--)) -gt 0 ]; do sleep 0.1; done
    if alive "$1"; then
      say "$(basename "$1") does not end and is killed"
      kill -KILL "$pid" 2>/dev/null || true
      while alive "$1"; do sleep 0.1; done
    fi
  fi
  rm -f "$1"
}

# end_all DIR: everything that `up` started in DIR, in the order in which nothing is missed by what still runs.
end_all() {
  local file enders=()
  # Together: each has its own requests to finish.
  for file in "$1"/processes/{api-1,api-2,deliver,project}; do
    [ -e "$file" ] || continue
    end "$file" TERM 40 &
    enders+=($!)
  done
  # Not for everything: in `up` the servers are children too.
  [ ${#enders[@]} -eq 0 ] || wait "${enders[@]}"
  [ ! -e "$1/processes/nats" ] || end "$1/processes/nats" TERM 20
  # INT: PostgreSQL ends at once and tidily, whoever is connected.
  [ ! -e "$1/processes/postgres" ] || end "$1/processes/postgres" INT 20
}
