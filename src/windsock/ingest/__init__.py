"""From reports to the journal: resolved, merged, written together, acknowledged when durable.

```python
from windsock.ingest import record, Rejected

for result in record([{"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", "departure_delay_minutes": 35}]):
    if isinstance(result, Rejected):
        print(result.message)
```
"""

from windsock.ingest.current import arecord, pipeline, record, stop
from windsock.ingest.pipeline import Pipeline
from windsock.ingest.results import Recorded, Rejected, Result

__all__ = ["Pipeline", "Recorded", "Rejected", "Result", "arecord", "pipeline", "record", "stop"]
