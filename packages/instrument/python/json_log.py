"""JSON lines for Python's logging: timestamp, level, logger, message, module, function, line, and whatever is in `extra`.

    import json_log
    json_log.configure(path="logs/app.log")
    logging.getLogger("app").info("Segmentation completed", extra={"user_id": "user_12345"})

A correlation id that is set with `correlation_id.set(...)` follows through async calls. Secrets are replaced.
"""

import contextvars
import datetime
import json
import logging
import logging.handlers
import re

correlation_id: contextvars.ContextVar = contextvars.ContextVar("correlation_id", default=None)

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SECRET = re.compile(r"pass(word|wd|phrase)?$|secret|^token$|_token$|authorization|api_?key|cookie|credential", re.I)


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        line = {
            "timestamp": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        if correlation_id.get() is not None:
            line["correlation_id"] = correlation_id.get()
        for name, value in record.__dict__.items():
            if name not in _STANDARD:
                line[name] = "[redacted]" if _SECRET.search(name) else value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(level: int = logging.INFO, path: str = "", max_bytes: int = 10 * 1024 * 1024, keep: int = 5) -> None:
    """Standard error, and a rotated file where a path is given."""
    handlers: list = [logging.StreamHandler()]
    if path:
        handlers.append(logging.handlers.RotatingFileHandler(path, maxBytes=max_bytes, backupCount=keep))
    for handler in handlers:
        handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=handlers, force=True)
