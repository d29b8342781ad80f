"""A real MLflow server on this machine, for as long as the program runs that imports this."""
import atexit
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

PASSWORD = "interop-secret-1"
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DAGSHUB_"))}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def end_group(process, seconds=20):
    """Ends a process that leads a session of its own, and all that it has started: a child may outlive its parent."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def scratch_folder(prefix):
    """Removed at the end. A process that was killed a moment ago may make one more file meanwhile: that fails no test."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        for _ in range(50):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)


class Server:
    """`mlflow server` with a database and proxied artifacts; stop() and start() keep its data and its port."""

    def __init__(self, folder, auth=False, python=sys.executable):
        self.folder, self.auth, self.port, self.process, self.python = folder, auth, free_port(), None, python
        atexit.register(self.stop)
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True)
        (folder / "auth.ini").write_text(
            f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\nadmin_username = admin\n"
            f"admin_password = {PASSWORD}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n")
        self.start()

    def start(self):
        binary = pathlib.Path(self.python).parent
        command = [self.python, str(binary / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                   "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db", "--artifacts-destination", str(self.folder / "artifacts")]
        if self.auth:
            command += ["--app-name", "basic-auth"]
        environment = CLEAN | {"MLFLOW_AUTH_CONFIG_PATH": str(self.folder / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "interop",
                               "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PATH": f"{binary}:{os.environ['PATH']}"}
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=self.log, stderr=self.log, start_new_session=True)
        for _ in range(600):
            try:
                if urllib.request.urlopen(self.url + "/health", timeout=2).read() == b"OK":
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.5)
        raise RuntimeError("no healthy server:\n" + (self.folder / "server.log").read_text()[-3000:])

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        end_group(self.process)
        self.log.close()
