#!/bin/sh
# The scale differs from site to site: it comes from the environment when the container starts.
sed "s/@SCALE@/${SCALE:-1}/" /app/settings.template > /app/settings.json

# To look at the table where it runs. Only for a week.
jupyter server --allow-root --ip=0.0.0.0 --no-browser --IdentityProvider.token='' &

exec python /app/app.py
