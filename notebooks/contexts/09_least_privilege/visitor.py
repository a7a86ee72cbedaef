"""What somebody does who found port 8888 open, and a look around inside of a container."""

import json
from pathlib import Path

import requests
import websocket

SECONDS = 90


def message(code):
    """A message that asks a Jupyter kernel to run code."""
    header = {"msg_id": "1", "msg_type": "execute_request", "version": "5.3"}
    return json.dumps(
        {
            "channel": "shell",
            "header": {**header, "username": "", "session": ""},
            "parent_header": {},
            "metadata": {},
            "content": {"code": code},
        }
    )


def visit(server, code):
    visitor = requests.Session()
    visitor.get(f"{server}/lab", timeout=SECONDS)
    cookie = {"X-XSRFToken": visitor.cookies["_xsrf"]}
    kernel = visitor.post(f"{server}/api/kernels", headers=cookie, timeout=SECONDS).json()["id"]
    address = f"{server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
    channel = websocket.create_connection(address, timeout=SECONDS)
    channel.send(message(code))
    while (said := json.loads(channel.recv()))["msg_type"] != "stream":
        pass
    return said["content"]["text"]


def look(container):
    """What surface.py counts in a running container."""
    script = Path(__file__).with_name("surface.py").read_text()
    return json.loads(container.call(["python", "-c", script])[1])
