#!/bin/sh
set -e
docker run --rm registry.example.org/tool:v2 --flag
