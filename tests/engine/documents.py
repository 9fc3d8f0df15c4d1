"""Network documents for tests, as short as what they are about."""

from __future__ import annotations

from uuid import UUID


def nat(number: int = 0, *, extra: str = "", hosts: str = "") -> str:
    """NAT with DHCP: network nN on virbrN with 10.0.N.0/24."""
    return _own_bridge(number, "<forward mode='nat'/>", hosts, extra)


def isolated(number: int = 0) -> str:
    return _own_bridge(number, "", "", "")


def routed(number: int = 0) -> str:
    return _own_bridge(number, "<forward mode='route'/>", "", "")


def open_(number: int = 0) -> str:
    return _own_bridge(number, "<forward mode='open'/>", "", "")


def very_isolated(number: int = 0) -> str:
    return f"<network><name>n{number}</name><bridge name='virbr{number}'/></network>"


def dual(number: int = 0) -> str:
    """NAT for both families, with an identity of its own."""
    six = f"<ip family='ipv6' address='fd00:{number:x}::1' prefix='64'/>"
    text = _own_bridge(number, "<forward mode='nat'><nat ipv6='yes'/></forward>", "", six)
    mac = f"<mac address='52:54:00:00:00:{number:02x}'/>"
    return with_uuid(text, UUID(int=number + 1)).replace("<ip ", f"{mac}<ip ", 1)


def on_bridge(name: str = "br0") -> str:
    return f"<network><name>lan</name><forward mode='bridge'/><bridge name='{name}'/></network>"


def macvtap(dev: str = "eth0") -> str:
    return (
        f"<network><name>tap</name><forward mode='bridge'><interface dev='{dev}'/></forward>"
        "</network>"
    )


def with_uuid(text: str, uuid: UUID) -> str:
    return text.replace("</name>", f"</name><uuid>{uuid}</uuid>", 1)


def host(number: int) -> str:
    """A static DHCP host of network n0."""
    return f"<host mac='52:54:00:aa:00:{number:02x}' name='g{number}' ip='10.0.0.{200 + number}'/>"


def port(uuid: UUID, owner: str = "guest", mac: str = "52:54:00:11:22:33", inner: str = "") -> str:
    return (
        f"<networkport><uuid>{uuid}</uuid><owner><name>{owner}</name>"
        f"<uuid>{UUID(int=7)}</uuid></owner><mac address='{mac}'/>{inner}</networkport>"
    )


def _own_bridge(number: int, forward: str, hosts: str, extra: str) -> str:
    return (
        f"<network><name>n{number}</name>{forward}<bridge name='virbr{number}' stp='off'/>"
        f"<ip address='10.0.{number}.1' netmask='255.255.255.0'><dhcp>"
        f"<range start='10.0.{number}.2' end='10.0.{number}.100'/>{hosts}</dhcp></ip>{extra}"
        "</network>"
    )
