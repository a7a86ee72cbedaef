#!/bin/sh
export SETTINGS=/tmp/settings.json
printf '{"scale": %s}\n' "${SCALE:-1}" > "$SETTINGS"
exec python /app/app.py
