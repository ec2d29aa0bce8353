"""Requests that nobody honest makes, written out: name, request, the statuses that count as refused."""
