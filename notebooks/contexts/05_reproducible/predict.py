import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from house_features import distance

AFTERNOON = range(16, 19)

model = json.loads(Path("model.json").read_text())
hour = datetime.fromtimestamp(1762466400, ZoneInfo("US/Eastern")).hour
minutes = model["per_km"] * distance(5.4, "mile") + model["rush"] * (hour in AFTERNOON)
print(f"estimate: {minutes:.1f}")
