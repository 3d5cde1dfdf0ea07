"""Which IPv4 networks this machine is in, by its interfaces: asked of the Linux kernel."""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from netaddr import IPAddress, IPNetwork

INTERFACES = Path("/sys/class/net")

LOOPBACK = "loopback"
DOWN = "it is down"
TUNNEL = "a tunnel or VPN"
INNER = "containers or virtual machines of this host"
SINGLE = "a single address"

# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h, linux/if_arp.h
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_RTM_NEWADDR, _RTM_GETADDR = 20, 22
_REQUEST_DUMP = 0x301
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_HEADER = struct.Struct("=IHHII")
_ADDRESS = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_ARP_LOOPBACK = "772"
_ARP_POINT_TO_POINT = {"512", "65534", "768", "769", "776", "778"}
_IFF_UP = 1

_INNER_NAME = re.compile(
    r"(docker|br-[0-9a-f]{12}$|virbr|lxcbr|lxdbr|incusbr|podman|cni|cali|flannel|cilium|vnet|vboxnet"
    r"|vmnet|veth|kube|dummy|ifb)"
)
_TUNNEL_NAME = re.compile(r"(tun|tap|wg|ppp|tailscale|zt|ipsec|vti|gre|nordlynx|proton)")
_INNER_KINDS = {"docker", "dummy", "ifb", "vxlan", "geneve"}


class Local(Struct, frozen=True):
    """One IPv4 address of this machine. `network` is CIDR, as `10.1.0.0/22`.

    `apart` says why nobody's miners are likely to be there; empty where they may be.
    """

    interface: str
    address: str
    network: str
    apart: str = ""


def local_networks() -> list[Local]:
    """All IPv4 addresses, by interface. Raises OSError where the kernel does not tell."""
    found = []
    for index, address, prefix in _asked():
        try:
            name = socket.if_indextoname(index)
        except OSError:
            continue  # it vanished meanwhile
        network = str(IPNetwork(f"{address}/{prefix}").cidr)
        apart = SINGLE if prefix >= 31 else ""
        found.append(Local(name, address, network, set_apart(INTERFACES / name) or apart))
    return sorted(found, key=lambda one: (one.interface, IPAddress(one.address)))


def _asked() -> Iterator[tuple[int, str, int]]:
    """Index, address and prefix of each IPv4 address, by netlink."""
    body = _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)
    request = _HEADER.pack(_HEADER.size + len(body), _RTM_GETADDR, _REQUEST_DUMP, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(5)
        kernel.sendto(request, (0, 0))
        while True:
            part, ended = addresses_in(kernel.recv(65536))
            yield from part
            if ended:
                return


def addresses_in(answer: bytes) -> tuple[list[tuple[int, str, int]], bool]:
    """What one answer of the kernel holds, and whether it was the last one.

    Raises OSError where it holds an error, or is no netlink answer.
    """
    found: list[tuple[int, str, int]] = []
    place = 0
    while place + _HEADER.size <= len(answer):
        length, kind, *_ = _HEADER.unpack_from(answer, place)
        if length < _HEADER.size or place + length > len(answer):
            break
        body = answer[place + _HEADER.size : place + length]
        if kind == _NLMSG_DONE:
            return found, True
        if kind == _NLMSG_ERROR:
            code = int.from_bytes(body[:4], sys.byteorder, signed=True)
            raise OSError(-code, "the kernel tells no addresses")
        if kind == _RTM_NEWADDR and len(body) >= _ADDRESS.size and body[0] == socket.AF_INET:
            found += _address(body)
        place += _aligned(length)
    if place == 0:
        raise OSError("the kernel answers what is no netlink message")
    return found, False


def _address(body: bytes) -> list[tuple[int, str, int]]:
    """Our side of a point-to-point link is `IFA_LOCAL`; elsewhere both are the same."""
    _, prefix, _, _, index = _ADDRESS.unpack_from(body)
    said: dict[int, bytes] = {}
    place = _ADDRESS.size
    while place + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, place)
        if length < _ATTRIBUTE.size:
            break
        said[kind] = body[place + _ATTRIBUTE.size : place + length]
        place += _aligned(length)
    raw = said.get(_IFA_LOCAL) or said.get(_IFA_ADDRESS) or b""
    return [(index, socket.inet_ntoa(raw), prefix)] if len(raw) == 4 and prefix <= 32 else []


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def set_apart(place: Path) -> str:
    """Why miners are hardly behind this interface, of which `place` is the folder in sysfs.

    Cards, wireless, VLANs, bonds, bridges with a card in them and what a container has for a
    card are none of these: empty.
    """
    name = place.name
    if _read(place / "type") == _ARP_LOOPBACK:
        return LOOPBACK
    if _is_tunnel(place):
        return TUNNEL
    if (place / "bridge").is_dir():
        return "" if _has_card(place) else INNER
    if _INNER_NAME.match(name) or _kind(place) in _INNER_KINDS:
        return INNER
    return "" if _is_up(place) else DOWN


def _is_tunnel(place: Path) -> bool:
    if (place / "device").exists():
        return _read(place / "type") in _ARP_POINT_TO_POINT
    flow = _kind(place) == "wireguard" or (place / "tun_flags").exists()
    named = bool(_TUNNEL_NAME.match(place.name))
    return flow or named or _read(place / "type") in _ARP_POINT_TO_POINT


def _has_card(bridge: Path) -> bool:
    """Whether a port of the bridge leads out of this machine."""
    try:
        ports = os.listdir(bridge / "brif")
    except OSError:
        return False
    beside = [bridge.parent / port for port in ports]
    return any((port / "device").exists() or _kind(port) in {"bond", "vlan"} for port in beside)


def _is_up(place: Path) -> bool:
    """Administratively up, and not without its cable."""
    try:
        up = bool(int(_read(place / "flags") or "0x1", 16) & _IFF_UP)
    except ValueError:
        up = True
    return up and _read(place / "operstate") not in {"down", "lowerlayerdown", "notpresent"}


def _kind(place: Path) -> str:
    """`DEVTYPE` of the kernel: bridge, vlan, bond, wlan, wireguard...; often none."""
    for line in _read(place / "uevent").splitlines():
        name, _, value = line.partition("=")
        if name == "DEVTYPE":
            return value
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
