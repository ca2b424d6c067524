#!/usr/bin/env python3
"""Gathers the pictures and styles that all pages share, each with a hash of its contents in its name."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    execute_from_command_line(sys.argv)
