"""Asks /ready; what it prints is kept by the engine, and its status decides."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=4)
connection.request("GET", "/ready")
found = connection.getresponse()
print(found.read().decode())
sys.exit(found.status != 200)
