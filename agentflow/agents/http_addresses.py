"""Where a request may go: names are resolved, and each address is checked before it is connected to.

The connection is made to the address that was checked; the name is not resolved again, since it
could lead elsewhere the second time. However an address is spelled (`2852039166`, `0xA9FEA9FE`,
`::ffff:169.254.169.254`), it is the same address here.

People run services on this machine and in the private network, so a spec may name them. A redirect
from a public host may not lead there. Link-local addresses are always refused: no author has a
service there, but the credentials of the machine are (169.254.169.254).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from msgspec import Struct

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Where clouds hand out the credentials of a machine outside of the link-local networks.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200")))
#: IPv4 addresses inside of IPv6 ones (RFC 6052), besides those that `ipaddress` knows.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")


class Refused(Exception):
    """A host leads to no address that a request may go to; says why."""


class Address(Struct, frozen=True):
    """An address that may be connected to. `public` ones can be reached from everywhere."""

    ip: str
    public: bool


async def addresses_of(host: str, port: int, *, only_public: bool) -> Sequence[Address]:
    """The addresses of a host in the system's order, without those that are refused.

    Raises:
        OSError: there is no such host.
        Refused: it has only addresses that are refused.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed: dict[str, Address] = {}
    why = "has no address"
    for _, _, _, _, (ip, *_) in found:
        # An IPv6 address may come with the interface that it belongs to.
        meant = _innermost(ipaddress.ip_address(str(ip).partition("%")[0]))
        refusal = _refusal(meant)
        if refusal is None and only_public and not meant.is_global:
            refusal = "is not public, and the redirect came from a public host"
        if refusal is not None:
            why = f"leads to {ip}, which {refusal}"
            continue
        allowed[str(ip)] = Address(str(ip), meant.is_global)
    if not allowed:
        raise Refused(why)
    return tuple(allowed.values())


def _innermost(ip: _Ip) -> _Ip:
    """The IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _refusal(ip: _Ip) -> str | None:
    if ip.is_link_local or ip in _METADATA:
        return "is refused: credentials of machines are handed out at such addresses"
    if ip.is_multicast or ip.is_unspecified:
        return "is not the address of a host"
    if isinstance(ip, ipaddress.IPv4Address) and (ip.is_reserved or ip in _THIS_NETWORK):
        return "is not the address of a host"
    return None
