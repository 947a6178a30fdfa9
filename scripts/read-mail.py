"""Python's email package, as one of the readers of compare-readers.ts: one line of JSON for each file that is named on a line of the input."""

import email
import email.policy
import email.utils
import hashlib
import json
import sys


def attempt(read):
    try:
        return read()
    except Exception:  # The package raises exceptions of many types for mails that it cannot read.
        return None


def body(mail, kind):
    part = attempt(lambda: mail.get_body((kind,)))
    found = part and attempt(part.get_content)
    return found if isinstance(found, str) else None


def content(part):
    if part.get_content_maintype() == "message" or part.is_multipart():
        return b""
    return attempt(lambda: part.get_payload(decode=True)) or b""


def files(mail):
    for part in attempt(lambda: list(mail.iter_attachments())) or []:
        found = content(part)
        yield {"name": attempt(part.get_filename), "size": len(found), "sha256": hashlib.sha256(found).hexdigest()}


def addresses(mail, name):
    found = attempt(lambda: mail[name].addresses)
    return [address.addr_spec for address in found or []]


def date(mail):
    found = attempt(lambda: mail["date"].datetime)
    return found and attempt(lambda: found.timestamp() * 1000)


for line in sys.stdin:
    with open(line.rstrip("\n"), "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    print(
        json.dumps(
            {
                "text": body(mail, "plain"),
                "html": body(mail, "html"),
                "files": list(files(mail)),
                "from": addresses(mail, "from"),
                "to": addresses(mail, "to"),
                "date": date(mail),
                "subject": attempt(lambda: str(mail["subject"] or "")) or "",
            }
        )
    )
