#!/bin/sh
sed "s/@SCALE@/${SCALE:-1}/" /app/settings.template > /app/settings.json
exec python /app/app.py
