"""Logs every call to the server, and adds what moto's SQS and SES lack."""

import io
import json
import math
import re
import threading
import time
from urllib.parse import unquote

CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/([^/]*)/([^/]+)/")

class CallLog:
    """WSGI application that writes a line to the log for each call, and passes the call on to moto."""

    def __init__(self, application, path, time_scale):
        self.application = application
        self.time_scale = time_scale
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()
        self.ses = SesAccount()

    def __call__(self, environ, start_response):
        body = read_body(environ)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target == "AmazonSQS.SendMessage":
            body = self.as_stored(environ, body)
        found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, region, service = found.groups() if found else ("", "", "")
        line = {
            "at": time.time(),
            "accessKey": key,
            "region": region,
            "service": service,
            "target": target,
            "method": environ["REQUEST_METHOD"],
            "path": environ.get("PATH_INFO", ""),
            "query": environ.get("QUERY_STRING", ""),
            "host": environ.get("HTTP_HOST", ""),
            "copySource": environ.get("HTTP_X_AMZ_COPY_SOURCE", ""),
            "body": "" if service == "s3" else body[:200_000].decode("utf-8", "replace"),
        }

        def answer(status, headers, info=None):
            line["status"] = int(status.split()[0])
            with self.lock:
                self.file.write(json.dumps(line) + "\n")
                self.file.flush()
            return start_response(status, headers, info)

        own = self.ses.answer(line["method"], line["path"], body) if service == "ses" else None
        if own is not None:
            answer("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(own).encode()]
        return self.application(environ, answer)

    def as_stored(self, environ, body):
        """Returns the message as SQS stores it: with the trace header of the request as the attribute AWSTraceHeader.

        The delay of the message is divided by the time scale.
        """
        request = json.loads(body)
        trace = environ.get("HTTP_X_AMZN_TRACE_ID")
        if trace:
            request.setdefault("MessageSystemAttributes", {}).setdefault(
                "AWSTraceHeader", {"DataType": "String", "StringValue": trace}
            )
        if request.get("DelaySeconds"):
            request["DelaySeconds"] = math.ceil(request["DelaySeconds"] / self.time_scale)
        changed = json.dumps(request).encode()
        environ["wsgi.input"] = io.BytesIO(changed)
        environ["CONTENT_LENGTH"] = str(len(changed))
        return changed


class SesAccount:
    """Adds to SES what moto lacks: an account that may send mail, and its suppression list."""

    ADDRESSES = "/v2/email/suppression/addresses"

    def __init__(self):
        self.suppressed = {}

    def answer(self, method, path, body):
        """Returns the body of the answer, or None for a call that moto answers."""
        if path == "/v2/email/account":
            return {
                "ProductionAccessEnabled": True,
                "SendingEnabled": True,
                "EnforcementStatus": "HEALTHY",
                "SendQuota": {"Max24HourSend": 50_000, "MaxSendRate": 14, "SentLast24Hours": 0},
            }
        if path != self.ADDRESSES and not path.startswith(f"{self.ADDRESSES}/"):
            return None
        if method == "GET":
            return {"SuppressedDestinationSummaries": list(self.suppressed.values())}
        if method == "PUT":
            entry = json.loads(body)
            self.suppressed[entry["EmailAddress"]] = {**entry, "LastUpdateTime": time.time()}
        if method == "DELETE":
            self.suppressed.pop(unquote(path.split("/")[-1]), None)
        return {}


def read_body(environ):
    """Returns the body of a request, and makes it readable again. The stream of werkzeug ends after a chunked body."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        body = environ["wsgi.input"].read(int(length))
    elif environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        return b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body
