#!/bin/sh
# What each page of the UI does, with curl alone: `examples/watch.sh http://127.0.0.1:8080 [token]`
set -eu
url=${1:-http://127.0.0.1:8080}
token=${2:-}
ask() { curl -fsS ${2:+-X "$2"} -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' ${3:+-d "$3"} "$url$1"; echo; }
page() { printf '\n== %s\n' "$1"; }

page Overview
ask /api/v1/health
ask '/api/v1/alerts?state=active'
page Streams
streams=$(ask /api/v1/streams)
key=$(printf %s "$streams" | sed 's/^\[{"key":"\([^"]*\)".*/\1/')
pair=$(printf %s "$streams" | sed 's/^\[{"key":"[^"]*","exchange":"[^"]*","pair":"\([^"]*\)".*/\1/')
exchange=$(printf %s "$streams" | sed 's/^\[{"key":"[^"]*","exchange":"\([^"]*\)".*/\1/')
ask "/api/v1/instruments?exchange=$exchange&search=btc&limit=2"
ask "/api/v1/streams/$key/stop" POST '{}'
ask /api/v1/streams POST "{\"key\":\"$key\"}"
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
ask /api/v1/jobs
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
page Alerts
alerts=$(ask '/api/v1/alerts?state=active')
printf '%s\n' "$alerts"
alert=$(printf %s "$alerts" | sed -n 's/^\[{"id":\([0-9]*\).*/\1/p')
if [ -n "$alert" ]; then ask "/api/v1/alerts/$alert/ack" POST '{}'; fi
# Nothing is sent where alerts.webhook_url is not set; the answer says so.
curl -sS -X POST -H "authorization: Bearer ${token:-none}" "$url/api/v1/alerts/test"; echo
page Config
config=$(ask /api/v1/config)
etag=$(printf %s "$config" | sed 's/.*"etag":"\([^"]*\)".*/\1/')
change='{"changes":[{"path":["settings","ui_rate_limit"],"value":500}]}'
ask /api/v1/config/validate POST "$change"
curl -fsS -X PATCH -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' -H "if-match: \"$etag\"" -d "$change" "$url/api/v1/config"; echo
# Whoever read the config before that change is told, and overwrites nothing.
curl -sS -X PATCH -H "authorization: Bearer ${token:-none}" -H 'content-type: application/json' -H "if-match: \"$etag\"" -d "$change" "$url/api/v1/config"; echo
ask /api/v1/config/undo POST '{}'
page Logs
ask '/api/v1/logs?tail=2&level=info'
page Live
# Events for three seconds, as an EventSource gets them.
curl -sS -N --max-time 3 -H "authorization: Bearer ${token:-none}" "$url/api/v1/events?topics=status,rates,log,alert,progress,gap" | head -c 2000 || true
