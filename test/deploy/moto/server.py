"""moto's server with the CloudFormation resources that it lacks, on 127.0.0.1, and a log of every call.

Usage: server.py PORT LOG TIME_SCALE. The log has one JSON line for each request; delays of messages are divided by the time scale.
Started by Node, it ends with its input.
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
    """Request handler without a line for each request; keeps connections, as AWS does."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_args: object) -> None:
        pass


def end_with_input():
    """A test run that is killed leaves no server behind."""
    sys.stdin.read()
    os._exit(0)


# Only Node's pipes are sockets: a server that is started by hand goes on.
if stat.S_ISSOCK(os.fstat(0).st_mode):
    threading.Thread(target=end_with_input, daemon=True).start()
resources.ENDPOINT = f"http://127.0.0.1:{port}"
engine.install()
application = call_log.CallLog(DomainDispatcherApplication(create_backend_app), log, time_scale)
run_simple("127.0.0.1", port, application, threaded=True, request_handler=QuietHandler)
