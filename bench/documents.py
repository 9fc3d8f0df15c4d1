"""The networks that are measured: NAT, a /24 with DHCP each, as libvirt's default network."""

from __future__ import annotations

from uuid import UUID


def name(number: int) -> str:
    return f"net{number:04}"


def uuid(number: int) -> UUID:
    return UUID(int=0xBE0C0000_0000_4000_8000_000000000000 + number)


def bridge(number: int) -> str:
    return f"bn{number}"


def network(number: int, *, stp: bool = False) -> str:
    subnet = f"10.{64 + number // 256}.{number % 256}"
    return f"""<network>
  <name>{name(number)}</name>
  <uuid>{uuid(number)}</uuid>
  <forward mode='nat'/>
  <bridge name='{bridge(number)}' stp='{"on" if stp else "off"}' delay='0'/>
  <mac address='52:54:00:aa:{number // 256:02x}:{number % 256:02x}'/>
  <ip address='{subnet}.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='{subnet}.100' end='{subnet}.254'/>
    </dhcp>
  </ip>
</network>
"""


def dhcp_host(number: int, host: int) -> str:
    subnet = f"10.{64 + number // 256}.{number % 256}"
    return f"<host mac='52:54:00:bb:00:{host:02x}' name='h{host}' ip='{subnet}.{host + 10}'/>"


def port_uuid(number: int) -> UUID:
    return UUID(int=0xF0F00000_0000_4000_8000_000000000000 + number)


def port(number: int) -> str:
    return f"""<networkport>
  <uuid>{port_uuid(number)}</uuid>
  <owner>
    <name>guest{number}</name>
    <uuid>{UUID(int=0xF1F10000_0000_4000_8000_000000000000 + number)}</uuid>
  </owner>
  <mac address='52:54:00:cc:00:{number:02x}'/>
</networkport>
"""


def number_of(network_name: str) -> int:
    return int(network_name.removeprefix("net"))
