"""The lab's machines: who they are, what their shells see, and guests on their networks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from signal import SIGINT, SIGQUIT, Signals

import pytest

from lab.labs import Labs

pytestmark = pytest.mark.netns


def test_the_host_has_its_address_from_the_lan(lab: Labs) -> None:
    (link,) = json.loads(lab.shell("host", "ip -json addr show enp3s0").stdout)
    addresses = {info["local"] for info in link["addr_info"] if info["scope"] == "global"}
    assert addresses == {"172.26.0.100", "2001:db8:26:0:5054:ff:fe26:64"}


@pytest.mark.parametrize(
    ("family", "address"), [("-4", "172.26.0.100"), ("-6", "2001:db8:26:0:5054:ff:fe26:64")]
)
def test_the_internet_tells_whom_it_saw(lab: Labs, family: str, address: str) -> None:
    said = lab.shell("host", f"curl -s {family} http://example.com").stdout
    assert said.startswith(f"You come from {address} port ")


def test_a_command_gives_its_exit_code_and_its_output(lab: Labs) -> None:
    done = lab.shell("router", "hostname; echo oops >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "router\n", "oops\n")


def test_a_shell_reads_what_is_typed(lab: Labs) -> None:
    done = lab.run("shell", "internet", text="hostname\nexit 3\n")
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1] == "internet"


@pytest.mark.parametrize("number", [SIGINT, SIGQUIT])
def test_an_interrupt_is_the_commands_own_affair(lab: Labs, number: Signals) -> None:
    """As Ctrl-C sends it: to all that run in the foreground."""
    waits = (
        "trap 'sleep 0.6; echo enough; exit 7' INT QUIT; echo ready; while :; do sleep 0.1; done"
    )
    with subprocess.Popen(
        lab.command("shell", "host", "--", "sh", "-c", waits),
        stdout=subprocess.PIPE, text=True, env=lab.environment, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, number)
        assert running.wait(30) == 7
        assert running.stdout.read() == "enough\n"


def test_an_interrupt_ends_a_command_that_does_not_mind_it(lab: Labs) -> None:
    with subprocess.Popen(
        lab.command("shell", "host", "--", "sh", "-c", "echo ready; exec sleep 60"),
        stdout=subprocess.PIPE, text=True, env=lab.environment, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        os.killpg(running.pid, SIGINT)
        assert running.wait(30) == 128 + SIGINT


def test_an_unknown_machine_is_refused_with_those_there_are(lab: Labs) -> None:
    refused = lab.run("shell", "hots", "--", "true")
    assert refused.returncode == 1
    assert "no machine 'hots'" in refused.stderr
    assert "host, internet, lan, router" in refused.stderr


def test_a_shell_starts_in_the_callers_folder(lab: Labs) -> None:
    assert lab.shell("host", "pwd").stdout.strip() == str(Path.cwd())


@pytest.mark.parametrize("place", ["/etc", "/etc/libvirt", "/run", "/var/lib/libvirt"])
def test_what_is_written_on_the_host_does_not_reach_the_machine(lab: Labs, place: str) -> None:
    assert lab.shell("host", f"touch {place}/pasarela-was-here").returncode == 0
    assert lab.shell("host", f"ls {place}").stdout.count("pasarela-was-here") == 1
    assert not (Path(place) / "pasarela-was-here").exists()


def test_the_host_sees_only_its_own_links(lab: Labs) -> None:
    links = lab.shell("host", "ls /sys/class/net").stdout.split()
    assert "enp3s0" in links
    assert not {"eth0", "lan-host", "wan0"} & set(links)


def test_the_default_network_is_there_to_be_started(lab: Labs) -> None:
    assert lab.shell("host", "pasarela net-list --all --name").stdout.split() == ["default"]


def test_the_hosts_name_has_its_domain(lab: Labs) -> None:
    assert lab.shell("host", "pasarela -q hostname").stdout.strip() == "host.lan"


def test_a_machine_that_is_no_guest_is_not_offered_for_removal(lab: Labs) -> None:
    refused = lab.run("guest", "router", "--network", "default")
    assert refused.stderr.endswith("hint: Choose another name.\n")


def test_a_guest_comes_and_goes(lab: Labs) -> None:
    lab.ok("shell", "host", "--", "pasarela", "net-start", "default")
    try:
        said = lab.ok("guest", "web", "--network", "default", "--mac", "52:54:00:00:00:77")
        assert "'web' is on network 'default': 52:54:00:00:00:77, 192.168.122." in said
        leases = lab.shell("host", "pasarela net-dhcp-leases default").stdout
        assert "52:54:00:00:00:77" in leases
        (port,) = lab.shell("host", "pasarela -q net-port-list default").stdout.split()
        document = lab.shell("host", f"pasarela net-port-dumpxml default {port}").stdout
        assert "<name>web</name>" in document
        assert "bridge='virbr0'" in document
        assert lab.shell("web", "ping -c 1 -W 2 192.168.122.1").returncode == 0
        lab.ok("guest", "web", "--remove")
        assert lab.shell("host", "pasarela -q net-port-list default").stdout.split() == []
        assert "vnet0" not in lab.shell("host", "ip link").stdout
    finally:
        lab.shell("host", "pasarela net-destroy default")


def test_a_guest_can_be_plugged_in_from_the_hosts_own_shell(lab: Labs, tmp_path: Path) -> None:
    document = tmp_path / "quiet.xml"
    document.write_text("<network><name>quiet</name><bridge name='virbr7' stp='off'/></network>")
    typed = (
        f"pasarela net-create {document} && pasarela lab guest still --network quiet"
        " --address 10.7.0.2/24 && pasarela lab shell still -- ip -brief addr show eth0"
        " && pasarela lab guest still --remove && pasarela net-destroy quiet"
    )
    done = lab.shell("host", typed)
    assert done.returncode == 0, done.stderr
    assert "10.7.0.2/24" in done.stdout


def test_a_guest_on_no_network_is_refused_and_not_there(lab: Labs) -> None:
    refused = lab.run("guest", "lost", "--network", "nowhere")
    assert refused.returncode == 1
    assert "Network not found" in refused.stderr
    assert "lost" not in lab.ok("status")


@pytest.mark.parametrize("name", ["host", "router", "Up", "a/b", ""])
def test_names_that_no_guest_may_have(lab: Labs, name: str) -> None:
    lab.ok("shell", "host", "--", "pasarela", "net-start", "default")
    try:
        refused = lab.run("guest", name, "--network", "default")
        assert refused.returncode == 1
        assert "machine" in refused.stderr
        assert lab.ok("status").strip().endswith("with host, internet, lan, router")
    finally:
        lab.shell("host", "pasarela net-destroy default")


def test_the_hosts_nic_goes_into_a_bridge_and_back(lab: Labs) -> None:
    lab.ok("bridge")
    try:
        assert "172.26.0.100/16" in lab.shell("host", "ip -brief -4 addr show br0").stdout
        assert "master br0" in lab.shell("host", "ip link show enp3s0").stdout
        assert lab.shell("host", "curl -s http://example.com").returncode == 0
    finally:
        lab.ok("bridge", "--remove")
    assert "172.26.0.100/16" in lab.shell("host", "ip -brief -4 addr show enp3s0").stdout


def test_virsh_drives_the_labs_networks_once_there_is_a_daemon(lab: Labs) -> None:
    if shutil.which("virsh") is None:
        pytest.skip("virsh is not installed")
    typed = (
        "pasarelad >/dev/null 2>&1 & daemon=$!;"
        " until test -S /run/libvirt/virtnetworkd-sock; do sleep 0.05; done;"
        " virsh net-list --all --name; kill $daemon; wait $daemon"
    )
    done = lab.shell("host", f"timeout 30 sh -c '{typed}'")
    assert done.stdout.split() == ["default"], done.stderr


def test_within_a_lab_one_neither_makes_nor_ends_labs(lab: Labs) -> None:
    for command, what in (("up", "makes"), ("down", "ends"), ("down --all", "ends")):
        refused = lab.shell("host", f"pasarela lab {command}")
        assert refused.returncode == 1
        assert (
            f"what {what} labs is typed outside of it\nhint: Type 'exit' first." in refused.stderr
        )
    inside = lab.shell("host", "pasarela lab status").stdout
    assert inside == lab.ok("status") == "lab: up, with host, internet, lan, router\n"
