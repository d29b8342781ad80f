"""A real MLflow server on this machine, for as long as the program runs that imports this."""
import atexit
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

PASSWORD = "interop-secret-1"
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "DAGSHUB_"))}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
