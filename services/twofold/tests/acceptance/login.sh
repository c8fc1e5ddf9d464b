#!/bin/sh
# What a panel does once the login password was right. Argument: the panel's own id of the user.
# Asks on standard error, reads the code from standard input. Ends with 0 when the user may come in, and with nothing
# else: not when the server is away, not when the answer is not understood.
set -eu

ask() {
    curl --silent --show-error --max-time 10 --header "Authorization: Bearer $TWOFOLD_KEY" \
        --header 'Content-Type: application/json' "$@"
}

user=$(printf '%s' "$1" | jq --slurp --raw-input --raw-output @uri)
login=$(ask --fail --data '{}' "$TWOFOLD_URL/v1/users/$user/challenges")
if [ "$(printf '%s' "$login" | jq --raw-output .login_allowed)" = true ]; then
    exit 0
fi
printf '%s' "$login" | jq --raw-output .message >&2
challenge=$(printf '%s' "$login" | jq --raw-output .id)
while IFS= read -r code; do
    body=$(jq --null-input --arg code "$code" '{code: $code}')
    answer=$(ask --write-out '\n%{http_code}' --data "$body" "$TWOFOLD_URL/v1/users/$user/challenges/$challenge/verify")
    # The status alone decides.
    if [ "$(printf '%s' "$answer" | tail -n 1)" = 200 ]; then
        exit 0
    fi
    printf '%s' "$answer" | sed '$d' | jq --raw-output '.message // .detail' >&2
done
exit 1
