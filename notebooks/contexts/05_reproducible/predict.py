import json
from datetime import datetime
from zoneinfo import ZoneInfo

from house_features import distance

model = json.load(open("model.json"))
hour = datetime.fromtimestamp(1762466400, ZoneInfo("US/Eastern")).hour
minutes = model["per_km"] * distance(5.4, "mile") + model["rush"] * (16 <= hour <= 18)
print(f"estimate: {minutes:.1f}")
