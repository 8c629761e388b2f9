import sys
from bench.delivery import fanout
r = fanout.measure(sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], float(sys.argv[5]))
