"""The Python side: prometheus_client on port 8100 (or the first argument), under the documents' names."""

import random
import sys
import threading
import time

from prometheus_client import Counter, Gauge, Histogram, start_http_server

REQUESTS = Counter("ai_requests_total", "Total number of AI requests.", ["model", "provider", "status"])
DURATION = Histogram(
    "ai_request_duration_seconds",
    "Duration of AI requests in seconds.",
    ["model", "provider"],
    buckets=[0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 30, 60],
)
TOKENS = Counter("ai_tokens_used_total", "Total number of AI tokens used.", ["model", "provider", "token_type"])
USERS = Gauge("project_ai_active_users", "Number of active users.")


def work() -> None:
    while True:
        seconds = random.lognormvariate(-0.7, 0.5)
        status = "error" if random.random() < 0.01 else "success"
        REQUESTS.labels("all-minilm", "local", status).inc()
        DURATION.labels("all-minilm", "local").observe(seconds)
        TOKENS.labels("all-minilm", "local", "input").inc(random.randint(20, 600))
        USERS.set(5 + random.randint(0, 5))
        time.sleep(0.5)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8100
    start_http_server(port, addr="127.0.0.1")
    threading.Thread(target=work, daemon=True).start()
    while True:
        time.sleep(3600)
