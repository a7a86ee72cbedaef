#!/bin/sh
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=10001 --regid=10001 --clear-groups sh "$0"
fi
sed "s/@SCALE@/${SCALE:-1}/" settings.template > "$SETTINGS"
exec python app.py
