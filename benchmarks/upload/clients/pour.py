"""Sends bytes as fast as the system can, which the job frames: shows what a server or a proxy takes at most."""

import os
import socket

from _job import clock, job, report


def main() -> None:
    host, _, port = job["address"].rpartition(":")
    with socket.create_connection((host, int(port))) as connection, open(job["path"], "rb") as file:
        started = clock()
        size = os.path.getsize(job["path"])
        connection.sendall(job["head"].encode())
        sent = 0
        while sent < size:
            sent += os.sendfile(connection.fileno(), file.fileno(), sent, size - sent)
        connection.sendall(job["tail"].encode())
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
        assert job["expect"].encode() in answer, answer
        report(clock() - started, "")


main()
