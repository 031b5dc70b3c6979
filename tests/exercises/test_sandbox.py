"""Attacks on the tutor's computer: each is tried in every kind of sandbox that works here, and fails."""

import hashlib
import os
import secrets
import shutil
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpers.sandboxes import last_verdicts, sandbox, told  # noqa: F401
from helpers.submissions import ANSWERS, COMA, HOSTILE, PENCIL, START
from micra_exercises.tutor import sandbox as module
from micra_exercises.tutor.sandbox import PACKAGES, SLOW, Sandbox, SandboxError, open_sandbox
from micra_exercises.tutor.server import FILE, PROCESSES

HONEST = [START, PENCIL[True], ANSWERS[0], COMA[True], ANSWERS[1]]


def checksum(folder):
    """Of all names, contents and rights below a folder."""
    listed = [
        (str(p.relative_to(folder)), p.lstat().st_mode, p.read_bytes() if p.is_file() else b"")
        for p in sorted(folder.rglob("*"))
    ]
    return hashlib.sha256(repr(listed).encode()).hexdigest()


def processes(part):
    """The processes of this computer whose name has this part."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            found += [path] if part in path.read_text() else []
        except OSError:  # it has just ended
            continue
    return found


@pytest.fixture
def quick(sandbox, monkeypatch):  # noqa: F811
    """The sandbox, with two seconds for each submission."""
    monkeypatch.setattr(sandbox, "seconds", 2.0)
    return sandbox


# --- honest ---


def test_numbers_come_out_and_are_judged_outside(sandbox):  # noqa: F811
    cells = [START, PENCIL[True], ANSWERS[0], "1 / 0", "%time 1", COMA[False], ANSWERS[1]]
    found, ended = sandbox.run(cells, seed=5)
    assert ended == "finished"
    said = last_verdicts(found, 5)
    assert said["regrets_by_hand"].passed
    assert said["coma"].mistake == "own_policy_missing_from_baseline"


def test_results_for_other_cases_are_not_right(sandbox):  # noqa: F811
    found, _ = sandbox.run(HONEST, seed=5)
    assert last_verdicts(found, 5)["coma"].passed
    assert not last_verdicts(found, 6)["coma"].passed


def test_submissions_run_side_by_side(sandbox):  # noqa: F811
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda seed: sandbox.run(HONEST, seed=seed, variant=seed % 2), range(3)))
    for seed, (found, ended) in enumerate(ran):
        assert ended == "finished"
        said = last_verdicts(found, seed, seed % 2)
        assert said["coma"].passed
        assert said["regrets_by_hand"].passed == (seed % 2 == 0)  # the numbers of the printed sheet


# --- network ---


def test_network_no_socket_of_the_host_is_reached(sandbox):  # noqa: F811
    hidden = f"\0{secrets.token_hex(8)}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as local:
        local.bind(hidden)
        local.listen()
        code = f"""
import socket
x = 0.0
for family, address in ((socket.AF_INET, {tcp.getsockname()}), (socket.AF_UNIX, {hidden!r})):
    try:
        with socket.socket(family) as one:
            one.settimeout(5)
            one.connect(address)
            x += 1
    except OSError:
        pass
"""
        assert told(sandbox, code) == 0


# --- files ---


def test_reading_the_tutors_files_and_settings(sandbox, tmp_path, monkeypatch):  # noqa: F811
    name, secret = f"secret-{secrets.token_hex(8)}", secrets.token_hex(8)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TUTORS_TOKEN", secret)
    places = [tmp_path / "home", tmp_path / "submissions" / "ada", PACKAGES[1].parent / ".pytest_cache"]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(secret)
    code = f"""
import glob
x = 0.0
for path in {[str(p / name) for p in places]} + glob.glob("/proc/*/environ"):
    for root in ("", *glob.glob("/proc/[0-9]*/root"), *glob.glob("/proc/[0-9]*/cwd")):
        try: x += open(root + path).read().count({secret!r})
        except OSError: pass
for folder, _, files in os.walk("/"):
    x += {name!r} in files
"""
    try:
        assert told(sandbox, code) == 0
    finally:
        (places[-1] / name).unlink()


def test_a_link_leads_nowhere(sandbox, tmp_path):  # noqa: F811
    (tmp_path / "secret").write_text("secret")
    code = f"""
x = 0.0
for target in ({str(tmp_path / "secret")!r}, "/proc/1/root{tmp_path}/secret", "/etc/shadow"):
    for make in (os.symlink, os.link):
        try:
            make(target, "link")
            x += bool(open("link").read())
        except OSError: pass
        try: os.unlink("link")
        except OSError: pass
"""
    assert told(sandbox, code) == 0


def test_writing_outside_of_the_own_folder(sandbox, tmp_path):  # noqa: F811
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("canary")
    before = checksum(tmp_path), [checksum(package) for package in PACKAGES]
    places = ["/", "/usr", "/etc", "/dev", "/proc/sys/vm", sys.prefix, tmp_path, tmp_path / "deep", *PACKAGES]
    code = f"""
import glob, shutil
x = 0.0
for folder in {list(map(str, places))}:
    for path in (folder + "/new", *filter(os.path.isfile, glob.glob(folder + "/*"))):
        try:
            open(path, "a").close()
            x += 1
        except OSError: pass
shutil.rmtree({str(tmp_path)!r}, ignore_errors=True)
"""
    assert told(sandbox, code) == 0
    assert (checksum(tmp_path), [checksum(package) for package in PACKAGES]) == before


def test_filling_the_disk(sandbox):  # noqa: F811
    code = f"""
x = 0.0
for k in range(200):
    try:
        with open(f"/tmp/{{k}}", "wb") as big:
            for _ in range(2 * {FILE} // 2**20):
                big.write(bytes(2**20))
                big.flush()
                x += 2**20
    except OSError: pass
"""
    assert told(sandbox, code) <= sandbox.memory / 4


# --- processes, memory, signals ---


def test_a_fork_bomb_stays_small_and_ends_with_the_submission(sandbox):  # noqa: F811
    token = secrets.token_hex(4)
    code = f"""
import ctypes
x = 0.0
for _ in range(20 * {PROCESSES}):
    try:
        if not os.fork():
            os.setsid()
            ctypes.CDLL(None).prctl(15, b"bomb{token}", 0, 0, 0)
            time.sleep(10**6)
        x += 1
    except OSError: pass
"""
    assert 0 < told(sandbox, code) <= PROCESSES
    while processes(f"bomb{token}"):  # the kernel ends them, one after the other
        time.sleep(0.1)


def test_memory_is_limited(sandbox):  # noqa: F811
    code = """
hog, x = [], 0.0
try:
    while x < 64:
        hog.append(bytearray(2**28))
        x += 1
except MemoryError: pass
del hog
"""
    assert told(sandbox, code) * 2**28 <= sandbox.memory


@pytest.mark.parametrize("kind", ["podman", "docker"])
def test_memory_of_all_processes_is_limited_in_a_container(kind):
    try:
        box = Sandbox(kind, memory=2**28)
    except SandboxError as reason:
        pytest.skip(str(reason))
    code = """
ready = os.pipe()
os.set_blocking(ready[0], False)
for _ in range(8):
    if not os.fork():
        hog = b"x" * (200 * 2**20)
        os.write(ready[1], b"x")
        time.sleep(10**6)
alive = x = 0
while alive + x < 8:
    time.sleep(0.05)
    x += os.waitpid(-1, os.WNOHANG)[0] != 0
    try: alive += len(os.read(ready[0], 8))
    except BlockingIOError: pass
"""
    with box:
        found, ended = box.run([START, code, "check.regrets_by_hand([x, x])"])
    assert found[0]["run"].results[0].value[0] > 0 if found else ended == "stopped itself"


def test_signals_reach_nobody_outside(sandbox):  # noqa: F811
    code = f"""
import signal
x = 0.0
for pid in [os.getppid(), {os.getpid()}, {os.getppid()}, *range(1, 2**12)]:
    if pid not in (0, os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
            x += 1
        except OSError: pass
"""
    assert told(sandbox, code) == 0
    sandbox.run([START, "os.kill(-1, 9)"])
    assert sandbox.run(HONEST)[1] == "finished"


# --- output ---


def test_huge_prints_are_discarded(sandbox):  # noqa: F811
    code = "for _ in range(2000):\n    print('x' * 10**6)\n    os.write(2, b'x' * 10**6)\nx = 1.0"
    assert told(sandbox, code) == 1


def test_huge_records_are_not_read(sandbox):  # noqa: F811
    found, ended = sandbox.run([*HONEST, HOSTILE["floods"].format(canary="")])
    assert ended == "stopped: too much output"
    assert last_verdicts(found)["coma"].passed  # what came before is kept
    found, _ = sandbox.run([START, "check.regrets_by_hand(torch.zeros(10**7))"])
    assert found[0]["run"].results[0].value.mistake == "shape"


# --- never an answer ---

NEVER = {
    "sleeps": "time.sleep(10**6)",
    "deadlock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "stops itself": "import signal\nos.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(10**6)",
    "swallows": HOSTILE["endless_and_swallowing"],
    "one long call": "sum(iter(int, 1))",
    "a thread": "import threading\nthreading.Thread(target=time.sleep, args=(10**6,)).start()\ntime.sleep(10**6)",
    "closes its output": "for fd in range(3, 256):\n    try: os.close(fd)\n    except OSError: pass\ntime.sleep(10**6)",
}


@pytest.mark.parametrize("name", NEVER)
def test_who_never_answers_is_ended(quick, name):
    assert quick.run([START, NEVER[name]])[1] == SLOW


def test_who_leaves_is_told_and_keeps_what_was_recorded(sandbox):  # noqa: F811
    found, ended = sandbox.run([*HONEST, "os._exit(3)"])
    assert ended == "stopped itself"
    assert last_verdicts(found)["coma"].passed


# --- which sandbox ---


def test_without_a_safe_place_grading_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match=r"no sandbox.*--unsafe"):
        open_sandbox(unsafe=False)


def test_with_limits_only_it_still_ends():
    with Sandbox("limits") as box:
        found, ended = box.run([*HONEST, "os._exit(3)"])
        assert ended == "stopped itself"
        assert last_verdicts(found)["coma"].passed
        box.seconds = 2.0
        assert box.run([START, "if not os.fork(): os.setsid()\ntime.sleep(10**6)"])[1] == SLOW
    assert not Path(box.folder.name).exists()


@pytest.mark.parametrize("kind", ["podman", "docker"])
def test_a_container_is_asked_for_everything_that_protects(kind, tmp_path):
    command = module.container(kind, "name", tmp_path, 2**30, 61_200)
    asked = " ".join(command)
    for words in ("--network none", "--read-only", "--cap-drop all", "no-new-privileges", "--pids-limit", "--memory ",
                  "--memory-swap ", "--user 61200:61200", "--pull never", "--rm"):  # fmt: skip
        assert words in asked
    volumes = [command[k + 1] for k, word in enumerate(command) if word == "--volume"]
    assert volumes
    assert all(volume.endswith(":ro") for volume in volumes)
    assert [v for v in volumes if f":{PACKAGES[0]}:" in v] == [f"{tmp_path}:{PACKAGES[0]}:ro"]
