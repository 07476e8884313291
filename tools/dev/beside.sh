# Two parts of a verb at the same time. Sourced by ./dev.

declare -A beside_parts=()  # those that run: the leader of its process group → its name

# beside LOG FIRST SECOND : two functions at once, SECOND with what FIRST leaves of the processor. What FIRST says goes to LOG,
# and is shown after. Where one of them fails, or this script is stopped, nothing of either goes on.
beside() {
  local log=$1 first=$2 second=$3 part status=0
  trap beside_stop EXIT
  trap 'exit 130' INT TERM
  set -m
  "$first" >"$log" 2>&1 </dev/null &
  beside_parts=([$!]=$first)
  { renice -n 10 "$BASHPID" >/dev/null && "$second"; } </dev/null &
  beside_parts+=([$!]=$second)
  set +m
  while [[ ${#beside_parts[@]} -gt 0 && $status -eq 0 ]]; do
    # `wait -n` tells of one that has ended and forgets the others that have, so each is asked for itself.
    wait -n "${!beside_parts[@]}" 2>/dev/null || true
    for part in "${!beside_parts[@]}"; do
      kill -0 "$part" 2>/dev/null && continue
      wait "$part" || status=$?
      [[ $status -eq 0 ]] || { say "${beside_parts[$part]} failed" && break; }
      unset "beside_parts[$part]"
    done
  done
  beside_stop
  trap - EXIT INT TERM
  say "what $first said ($log):"
  cat "$log" >&2
  return "$status"
}

# SIGINT, by which tests end the servers that they have started; SIGKILL for what does not heed it within ten seconds.
beside_stop() {
  local part tenths
  for part in "${!beside_parts[@]}"; do kill -INT -- "-$part" 2>/dev/null || true; done
  for part in "${!beside_parts[@]}"; do
    for ((tenths = 0; tenths < 100; ++tenths)); do
      kill -0 -- "-$part" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$part" 2>/dev/null || true
  done
  beside_parts=()
}
