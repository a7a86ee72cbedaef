"""Downloads the weights that the deployment asks for."""

import os
import urllib.request

store, name, version = (os.environ[f"MODEL_{word}"] for word in ("STORE", "NAME", "VERSION"))

urllib.request.urlretrieve(f"{store}/{name}/{version}", "weights/current.json")
