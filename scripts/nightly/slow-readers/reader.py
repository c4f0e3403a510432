"""
A client with a small receive buffer, which takes an answer at a steady rate, or nothing of it.

  python3 reader.py PORT RATE

RATE is in bytes per second; 0 takes nothing and waits until the connection ends. Prints one line of JSON: how many bytes of the body
came, how many were announced, and in how many seconds. Node sets no receive buffer for TCP, Python does.
"""
import json
import select
import socket
import sys
import time

TICKS = 10
RECEIVE_BUFFER = 4096
HEAD_END = b'\r\n\r\n'

port, rate = int(sys.argv[1]), int(sys.argv[2])
peer = socket.socket()
# Before connecting: it decides the window that is announced.
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
peer.connect(('127.0.0.1', port))
peer.sendall(b'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

since = time.monotonic()
head, body, announced, error = b'', 0, None, None
if rate == 0:
    poller = select.poll()
    # No POLLIN: bytes are there all the time.
    poller.register(peer, select.POLLHUP | select.POLLERR)
    poller.poll()
else:
    taken = 0
    try:
        while True:
            behind = int((time.monotonic() - since) * rate) - taken
            if behind < rate // TICKS:
                time.sleep(1 / TICKS)
                continue
            part = peer.recv(behind)
            if part == b'':
                break
            taken += len(part)
            if announced is None:
                head += part
                if HEAD_END in head:
                    fields, _, rest = head.partition(HEAD_END)
                    for line in fields.lower().split(b'\r\n'):
                        if line.startswith(b'content-length:'):
                            announced = int(line.partition(b':')[2])
                    body = len(rest)
            else:
                body += len(part)
    except OSError as failure:
        error = str(failure)
seconds = round(time.monotonic() - since)
print(json.dumps({'body': body, 'announced': announced, 'seconds': seconds, 'error': error}))
