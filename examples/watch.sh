#!/bin/sh
# What each page of the UI does, with curl alone: `examples/watch.sh http://127.0.0.1:8080 [token]`
set -eu
url=${1:-http://127.0.0.1:8080}
token=${2:-}
ask() { curl --fail-with-body -sS ${2:+-X "$2"} -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' ${3:+-d "$3"} "$url$1"; echo; }
# Something of a config that was read before, changed: `change ETAG CHANGES`.
change() { curl -sS -X PATCH -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' -H "if-match: \"$1\"" -d "{\"changes\":$2}" "$url/api/v1/config"; echo; }
field() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
page() { printf '\n== %s\n' "$1"; }

page Overview
ask /api/v1/health
ask '/api/v1/alerts?state=active'
page Streams
streams=$(ask /api/v1/streams)
key=$(printf %s "$streams" | sed 's/^\[{"key":"\([^"]*\)".*/\1/')
pair=$(printf %s "$streams" | sed 's/^\[{"key":"[^"]*","exchange":"[^"]*","pair":"\([^"]*\)".*/\1/')
exchange=$(printf %s "$streams" | sed 's/^\[{"key":"[^"]*","exchange":"\([^"]*\)".*/\1/')
ask /api/v1/capabilities
ask "/api/v1/instruments?exchange=$exchange&search=btc&limit=2"
ask "/api/v1/streams/$key/stop" POST '{}'
ask /api/v1/streams POST "{\"key\":\"$key\"}"
ask "/api/v1/streams/$key/restart" POST '{}'
ask "/api/v1/streams/$key/log"
page Data
ask /api/v1/inventory
ask '/api/v1/coverage?resolution_s=60&limit=10'
ask "/api/v1/gaps?exchange=$exchange&limit=5"
ask "/api/v1/read?exchange=$exchange&pair=$pair&kind=trades&limit=2"
ask "/api/v1/candles?exchange=$exchange&pair=$pair&interval=1m&limit=2"
ask "/api/v1/book?exchange=$exchange&pair=$pair&at=$(date -u +%Y-%m-%dT%H:%M:%SZ)&depth=2"
ask '/api/v1/sql' POST '{"sql":"SELECT exchange, pair, count(*) AS trades FROM trades GROUP BY ALL ORDER BY ALL"}'
ask "/api/v1/export?exchange=$exchange&pair=$pair&kind=trades&format=csv&limit=2"
page History
# A schedule, run before its time; all of them wait and go on.
schedule="[{\"path\":[\"histo_jobs\"],\"value\":[{\"exchange\":\"$exchange\",\"pairs\":[\"$pair\"],\"span\":3600}]}]"
change "$(ask /api/v1/config | field etag)" "$schedule"
jobs=$(ask /api/v1/jobs)
printf '%s\n' "$jobs"
job=$(printf %s "$jobs" | sed 's/.*"jobs":\[{"id":"\([^"]*\)".*/\1/')
ask "/api/v1/jobs/$(printf %s "$job" | sed 's/%/%25/g; s|/|%2F|g; s/:/%3A/g')/run" POST '{}'
ask /api/v1/scheduler POST '{"paused":true}'
ask /api/v1/scheduler POST '{"paused":false}'
ask /api/v1/runs/plan POST "{\"kind\":\"repair\",\"exchange\":\"$exchange\",\"pairs\":[\"$pair\"]}"
ask /api/v1/runs POST "{\"kind\":\"repair\",\"exchange\":\"$exchange\",\"pairs\":[\"$pair\"]}"
ask '/api/v1/runs?limit=1'
# A run that would take long, followed and cancelled.
run=$(ask /api/v1/runs POST "{\"kind\":\"backfill\",\"exchange\":\"$exchange\",\"pairs\":[\"$pair\"],\"channels\":[\"trades\"],\"start\":\"2024-01-01T00:00:00Z\"}" | sed 's/^{"id":\([0-9]*\).*/\1/')
ask "/api/v1/runs/$run/cancel" POST '{}'
ask "/api/v1/runs/$run"
page Storage
ask /api/v1/storage
ask /api/v1/sync
# Refused where storage.remotes names none.
curl -sS -X POST -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' -d '{}' "$url/api/v1/sync"; echo
page Alerts
alerts=$(ask '/api/v1/alerts?state=active')
printf '%s\n' "$alerts"
alert=$(printf %s "$alerts" | sed -n 's/^\[{"id":\([0-9]*\).*/\1/p')
if [ -n "$alert" ]; then ask "/api/v1/alerts/$alert/ack" POST '{}'; fi
# Nothing is sent where alerts.webhook_url is not set; the answer says so.
curl -sS -X POST -H "authorization: Bearer ${token:-none}" "$url/api/v1/alerts/test"; echo
page Config
ask /api/v1/config/schema | head -c 300; echo
config=$(ask /api/v1/config)
etag=$(printf %s "$config" | field etag)
limit='[{"path":["settings","ui_rate_limit"],"value":500}]'
ask /api/v1/config/validate POST "{\"changes\":$limit}"
change "$etag" "$limit"
# Whoever read the config before that change is told, and overwrites nothing.
change "$etag" "$limit"
ask /api/v1/config/undo POST '{}'
# The whole text, with another line; and the file as somebody edited it by hand.
config=$(ask /api/v1/config)
yaml=$(printf %s "$config" | sed 's/.*"yaml":"\(\(\\.\|[^"\\]\)*\)".*/\1/')
curl -fsS -X PUT -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' -H "if-match: \"$(printf %s "$config" | field etag)\"" -d "{\"yaml\":\"# edited with curl\\n$yaml\"}" "$url/api/v1/config"; echo
ask /api/v1/config/reload POST '{}'
# A stream more, and out again.
ask /api/v1/config/streams POST "{\"exchange\":\"$exchange\",\"pairs\":[\"$pair\"],\"channels\":[\"ohlc:1h\"]}"
ask "/api/v1/config/streams?exchange=$exchange&pairs=$pair&channels=ohlc:1h" DELETE
page Logs
ask '/api/v1/logs?tail=2&level=info'
page Live
# Events for three seconds, as an EventSource gets them.
curl -sS -N --max-time 3 -H "authorization: Bearer ${token:-none}" "$url/api/v1/events?topics=status,rates,log,alert,progress,gap" | head -c 2000 || true
