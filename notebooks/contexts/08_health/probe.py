"""Asks /ready as the HEALTHCHECK; what it prints is kept by the engine."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=5)
connection.request("GET", "/ready")
answer = connection.getresponse()
print(answer.read().decode())
sys.exit(answer.status != 200)
