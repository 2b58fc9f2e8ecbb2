"""Tests that drive a real JupyterLab and Notebook 7 in Chromium."""
