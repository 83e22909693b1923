#!/bin/sh
# What the UI does, with curl alone: `examples/watch.sh http://127.0.0.1:8080 [token]`
set -eu
url=${1:-http://127.0.0.1:8080}
ask() { curl -fsS ${2:+-X "$2"} -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' ${3:+-d "$3"} "$url$1"; echo; }
token=${2:-}

ask /api/v1/health
key=$(ask /api/v1/streams | sed 's/.*"key":"\([^"]*trades[^"]*\)".*/\1/')
ask "/api/v1/streams/$key/stop" POST '{}'
ask /api/v1/streams POST "{\"key\":\"$key\"}"
ask /api/v1/sql POST '{"sql":"SELECT exchange, pair, count(*) AS trades FROM trades GROUP BY ALL ORDER BY ALL"}'
ask '/api/v1/coverage?resolution_s=60&limit=10'
ask /api/v1/config/validate POST '{"changes":[{"path":["settings","ui_rate_limit"],"value":50}]}' || true
# Events for three seconds.
curl -sS -N --max-time 3 -H "authorization: Bearer ${token:-none}" "$url/api/v1/events?topics=status,rates" | head -c 2000 || true
