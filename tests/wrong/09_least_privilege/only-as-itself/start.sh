#!/bin/sh
sed "s/@SCALE@/${SCALE:-1}/" settings.template > "$SETTINGS"
exec python app.py
