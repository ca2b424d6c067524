import os

from fastapi import FastAPI

app = FastAPI()
token = os.environ["API_TOKEN"]
