"""Starts moto's server on 127.0.0.1, adds the CloudFormation resources that moto lacks, and logs every call.

Usage: server.py PORT LOG TIME_SCALE. The log has one JSON line for each request. Delays of messages are divided by the time scale.
If Node starts the server, the server ends when its standard input ends.
"""

import os
import stat
import sys
import threading

port, log, time_scale = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
os.environ["MOTO_S3_CUSTOM_ENDPOINTS"] = f"http://127.0.0.1:{port},http://localhost:{port}"

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, run_simple  # noqa: E402

import call_log  # noqa: E402
import engine  # noqa: E402
import resources  # noqa: E402


class QuietHandler(WSGIRequestHandler):
    """Request handler that prints no line for each request. It keeps connections open between requests, as AWS does."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_args: object) -> None:
        pass


def end_with_input():
    """Ends this process when its standard input ends. Therefore a killed test run leaves no server behind."""
    sys.stdin.read()
    os._exit(0)


# Standard input is a socket only if Node started this server. A server that was started by hand does not end with its input.
if stat.S_ISSOCK(os.fstat(0).st_mode):
    threading.Thread(target=end_with_input, daemon=True).start()
resources.ENDPOINT = f"http://127.0.0.1:{port}"
engine.install()
application = call_log.CallLog(DomainDispatcherApplication(create_backend_app), log, time_scale)
run_simple("127.0.0.1", port, application, threaded=True, request_handler=QuietHandler)
