"""The settings file, who is let in, and sockets that systemd hands over."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from oracle.rpc import OracleError, Procedure, RpcClient, pack_string
from pasarela.daemon import listening
from pasarela.daemon.access import Credentials, Policy
from pasarela.daemon.config import Config, read_config
from pasarela.daemon.main import main
from pasarela.errors import ConfigUnsupported
from pasarela.rpc.session import Limits
from wire.pasarelad import PYTHON, Pasarelad

LIBVIRTS_OWN = """
# Master configuration file
#listen_tls = 0
unix_sock_group = "root"
unix_sock_ro_perms = "0755"   # a comment
unix_sock_rw_perms = '0750'
auth_unix_rw = "none"
max_clients = 7
log_outputs="3:syslog:libvirtd"
access_drivers = [ "polkit" ]
keepalive_interval = 9
keepalive_count = 3
max_client_requests = 20
sasl_allowed_username_list = [
  "joe@EXAMPLE.COM",
  "fred@EXAMPLE.COM"
]
"""


def test_a_file_of_libvirts_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "conf"
    path.write_text(LIBVIRTS_OWN)
    assert read_config(path) == Config(
        group=0,
        own_rw_mode=0o750,
        ro_mode=0o755,
        authenticates=False,
        max_clients=7,
        keepalive_interval=9,
        limits=Limits(unanswered=20, silent_pings=3),
    )


def settings(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "conf"
    path.write_text(text)
    return read_config(path)


def test_the_order_of_the_lines_means_nothing(tmp_path: Path) -> None:
    config = settings(tmp_path, 'unix_sock_rw_perms = "0750"\nunix_sock_group = "root"\n')
    assert (config.group, config.rw_mode) == (0, 0o750)


@pytest.mark.parametrize(
    ("lines", "everybody"),
    [
        ('unix_sock_rw_perms = "0777"', False),
        ('unix_sock_rw_perms = "0777"\nauth_unix_rw = "polkit"', False),
        ('unix_sock_rw_perms = "0777"\nauth_unix_rw = "none"', True),
        ('auth_unix_rw = "none"', False),
        ('unix_sock_rw_perms = "0777"\nauth_unix_ro = "none"', False),
    ],
)
def test_a_socket_for_all_is_for_those_whom_polkit_would_ask(
    tmp_path: Path, lines: str, everybody: bool
) -> None:
    """libvirt's daemons do not let everybody in by the mode alone, so it does not do so here."""
    assert settings(tmp_path, lines).everybody_may_write is everybody


def test_keepalive_can_be_turned_off(tmp_path: Path) -> None:
    assert settings(tmp_path, "keepalive_interval = -1").keepalive_interval == -1


def test_what_keeps_people_out_elsewhere_and_not_here_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings(tmp_path, 'unix_sock_dir = "/run/libvirt"\n\naccess_drivers = [ "polkit" ]\n')
    (said,) = caplog.messages
    assert said.startswith(f"{tmp_path}/conf:3: access_drivers is not looked at: whoever may ")


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert read_config(tmp_path / "none") == Config.default()


def test_a_file_that_was_named_must_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none"
    assert main(["--root", str(tmp_path), "--config", str(missing)]) == 1
    assert capsys.readouterr().err.startswith(f"error: cannot read {missing}: No such file")


@pytest.mark.parametrize("trouble", ["a name too long", "something in the way"])
def test_a_socket_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    root = tmp_path / ("x" * 100 if trouble == "a name too long" else "x")
    socket = root / "run/libvirt/virtnetworkd-sock"
    if trouble == "something in the way":
        socket.mkdir(parents=True)
    root.mkdir(exist_ok=True)
    assert main(["--root", str(root)]) == 1
    assert capsys.readouterr().err.startswith(f"error: cannot listen at {socket}: ")


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        'unix_sock_group = "no-such-group-here"',
        'unix_sock_rw_perms = "rwx"',
        'auth_unix_rw = "sasl"',
        "max_clients = 7 8",
        'sasl_allowed_username_list = [ "never closed',
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "conf"
    path.write_text(f"# first\n{line}\n")
    with pytest.raises(ConfigUnsupported, match=f"{path}:2"):
        read_config(path)


@pytest.mark.parametrize(
    ("policy", "uid", "gid", "allowed"),
    [
        (Policy(), 0, 0, True),
        (Policy(), os.geteuid(), 65534, True),
        (Policy(), 65534, 65534, False),
        (Policy(group=65534), 65534, 65534, True),
        (Policy(group=1), 4242, 4242, False),
        (Policy(group=4242), 4242, 4242, True),
        (Policy(everybody=True), 65534, 65534, True),
    ],
)
def test_who_may_change_networks(policy: Policy, uid: int, gid: int, allowed: bool) -> None:
    assert policy.allows(Credentials(1, uid, gid)) is allowed


def test_who_is_kept_out_is_told_by_which_group() -> None:
    stranger = Credentials(1, 65534, 65534)
    assert Policy(group=0).refusal(stranger) == "user 65534 is not in the group root"
    assert Policy().refusal(stranger) == "only root may change networks here, not user 65534"
    assert Policy(group=65534).refusal(stranger) is None


ACTIVATOR = """
import os, socket, sys
root, python = sys.argv[1:]
names = []
for number, name in enumerate(("one", "two-ro"), 3):
    made = socket.socket(socket.AF_UNIX)
    made.bind(os.path.join(root, name))
    made.listen()
    os.dup2(made.fileno(), number + 10)
for number in (3, 4):
    os.dup2(number + 10, number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = "2"
os.environ["LISTEN_FDNAMES"] = "a.socket:b-ro.socket"
os.execv(python, [python, "-m", "pasarela.daemon.main", "--root", root])
"""


def handed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[listening.Listener]:
    """What the daemon makes of this one socket of systemd's."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        monkeypatch.setattr(listening, "FIRST_FD", os.dup(made.fileno()))
    return listening.inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})


def test_a_socket_for_changes_that_systemd_could_not_open_is_missed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its group is not there, say; the daemon starts for those who only look."""
    (found,) = handed_over(tmp_path / "virtnetworkd-sock-ro", monkeypatch)
    found.socket.close()
    assert found.readonly
    assert "no socket for those who may change networks" in caplog.text


def test_a_socket_for_what_is_not_there_is_closed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """libvirt's units have one for its administration, which is another protocol."""
    assert handed_over(tmp_path / "virtnetworkd-admin-sock", monkeypatch) == []
    assert "a socket that nobody answers at" in caplog.text


@pytest.mark.netns
def test_sockets_of_systemds_are_taken_over(pasarelad: Pasarelad) -> None:
    pasarelad.terminate()
    pasarelad.start(command=[PYTHON, "-c", ACTIVATOR, str(pasarelad.root), PYTHON])
    try:
        assert not Path(pasarelad.socket).exists()
        with RpcClient(str(pasarelad.root / "one"), "network:///system") as client:
            client.call(
                Procedure.NETWORK_DEFINE_XML, pack_string("<network><name>x</name></network>")
            )
        with (
            RpcClient(str(pasarelad.root / "two-ro"), "network:///system") as client,
            pytest.raises(OracleError) as refused,
        ):
            client.call(
                Procedure.NETWORK_DEFINE_XML, pack_string("<network><name>y</name></network>")
            )
        assert refused.value.code == 29
    finally:
        pasarelad.terminate()
        assert (pasarelad.root / "one").exists()  # systemd's to remove
        pasarelad.start()
