"""A load client: threads with keep-alive connections that ask for one page as fast as they get it."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Load:
    """What one run of load saw. Latencies in seconds, sorted."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def requests_per_s(self) -> float:
        """Answers a second over all clients."""
        return len(self.latencies) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The latency that this share of the requests did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


def drive(url: str, path: str, *, seconds: float, clients: int, cookie: str | None = None) -> Load:
    """Ask for `path` for so long. Raises RuntimeError when an answer is not 200."""
    address = urlsplit(url)
    headers = {"Cookie": cookie} if cookie else {}
    results: list[list[float]] = [[] for _ in range(clients)]
    failures: list[str] = []
    started = time.perf_counter()
    until = started + seconds

    def ask(latencies: list[float]) -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            while (sent := time.perf_counter()) < until and not failures:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    failures.append(f"{path} answered {answer.status}")
                latencies.append(time.perf_counter() - sent)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{path}: {error!r}")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(latencies,)) for latencies in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    merged = sorted(latency for latencies in results for latency in latencies)
    return Load(seconds=time.perf_counter() - started, latencies=merged)
