"""Chromium without a window, driven over the pipe of the DevTools protocol; for tests of pages."""

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import time

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
_TIMEOUT = 120


class Browser:
    """One tab; `evaluate` returns the value of an expression, `events` what the browser has told."""

    def __init__(self, profile):
        (own_in, self._out), (self._in, own_out) = os.pipe(), os.pipe()
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run")
        # The protocol is read from descriptor 3 and written to 4.
        command = ["bash", "-c", f'exec "$@" 3<&{own_in} 4>&{own_out}', "bash", CHROMIUM, *options]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(own_in, own_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(own_in)
        os.close(own_out)
        self._numbers, self._waiting, self.events = itertools.count(1), b"", []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = None
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self):
        self._process.terminate()
        self._process.wait(timeout=30)
        os.close(self._out)
        os.close(self._in)

    def call(self, method, **parameters):
        return self._call(method, parameters)

    def _call(self, method, parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + _TIMEOUT
        while True:
            answer = self._read(until)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def _read(self, until):
        while b"\0" not in self._waiting:
            ready, _, _ = select.select([self._in], [], [], max(0, until - time.monotonic()))
            content = os.read(self._in, 1 << 20) if ready else b""
            if not content:
                raise TimeoutError("the browser does not answer")
            self._waiting += content
        message, _, self._waiting = self._waiting.partition(b"\0")
        return json.loads(message)

    def evaluate(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def open(self, address):
        self.call("Page.navigate", url=address)
        until = time.monotonic() + _TIMEOUT
        while self.evaluate("document.readyState + location.href") != f"complete{address}":
            if time.monotonic() > until:
                raise TimeoutError(f"{address} does not load")
            time.sleep(0.05)

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, on):
        value = "dark" if on else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def key(self, name, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def screenshot(self, path):
        content = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(content))

    @property
    def complaints(self):
        """Exceptions, errors in the console, and requests that are no part of the page."""
        told = []
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown" or (
                method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning")
            ):
                told.append(parameters)
            if method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                told.append(parameters)
            if method == "Network.requestWillBeSent" and parameters["type"] != "Document":
                told.append(parameters["request"]["url"][:200])
        return told


@contextlib.contextmanager
def browser(profile):
    opened = Browser(profile)
    try:
        yield opened
    finally:
        opened.close()
