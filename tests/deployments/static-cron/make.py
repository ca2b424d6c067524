import sys
from pathlib import Path

Path(sys.argv[1], "index.html").write_text("<h1>Weather</h1>\n")
