#!/usr/bin/env python3
"""A log to records in plain Python: read_log.py latency|power FILE"""
import json
import sys
from datetime import datetime

from map_power import STAMP, read_power_log


def main():
    what, path = sys.argv[1:3]
    if what == "power":
        print(len(read_power_log(path)))
        return
    with open(path) as file:
        log = json.load(file)
    records = {name: [(ms, datetime.strptime(stamp, STAMP)) for ms, stamp in entries] for name, entries in log.items()}
    print(sum(map(len, records.values())))


if __name__ == "__main__":
    main()
