"""Every error Pasarela raises, and what each one is on libvirt's wire.

The tree, with libvirt's code beside each leaf::

    PasarelaError
    ├── XmlError                      the document is wrong
    │   ├── XmlSyntaxError       35   not well-formed, or a DNS record's detail
    │   ├── XmlContentError      27   well-formed, but says something impossible
    │   ├── XmlSchemaError       92   --validate: not in the schema
    │   └── MissingName          21   no <name>
    ├── NotFound
    │   ├── NetworkNotFound      43
    │   ├── PortNotFound        107
    │   ├── InterfaceNotFound    57
    │   └── MetadataNotFound    111
    ├── Refused                       understood, and may not be
    │   ├── OperationInvalid     55   not in this state
    │   ├── OperationFailed       9   name or UUID clash
    │   ├── OperationUnsupported 84
    │   ├── NotSupportedByDriver  3
    │   ├── NoDriver              5
    │   ├── ConfigUnsupported    67
    │   ├── ArgumentUnsupported  74
    │   ├── InvalidArgument       8
    │   ├── InvalidMac           44
    │   ├── AuthFailed           45   a way to authenticate that was not offered
    │   ├── ValueOverflow        82
    │   ├── PortExists          106
    │   ├── MultipleInterfaces   59
    │   ├── ReadOnly             29
    │   ├── HostnetFileError      9   a file of the host's interfaces cannot be read
    │   ├── HostnetRefused        9   a change of the host's interfaces that may not be
    │   ├── HookFailed           70
    │   ├── ServiceFailed        89   another program refused, over D-Bus
    │   └── StoreOwned            1   another daemon holds the files
    └── HostError                     the machine said no
        ├── SystemCallFailed     38   carries the errno
        └── InternalError         1

``message`` is what tools print and what goes over the wire. ``location`` and ``remedy`` are
Pasarela's own second line: where in the document, and the way out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ErrorCode(IntEnum):
    """libvirt's error numbers (virErrorNumber) that network and interface drivers use."""

    INTERNAL = 1
    NO_SUPPORT = 3
    NO_CONNECT = 5
    INVALID_ARG = 8
    OPERATION_FAILED = 9
    NO_NAME = 21
    XML_ERROR = 27
    OPERATION_DENIED = 29
    XML_DETAIL = 35
    SYSTEM_ERROR = 38
    RPC = 39
    NO_NETWORK = 43
    INVALID_MAC = 44
    AUTH_FAILED = 45
    OPERATION_INVALID = 55
    NO_INTERFACE = 57
    MULTIPLE_INTERFACES = 59
    CONFIG_UNSUPPORTED = 67
    HOOK_SCRIPT_FAILED = 70
    ARGUMENT_UNSUPPORTED = 74
    OVERFLOW = 82
    OPERATION_UNSUPPORTED = 84
    DBUS_SERVICE = 89
    XML_INVALID_SCHEMA = 92
    INVALID_NETWORK_PORT = 105
    NETWORK_PORT_EXIST = 106
    NO_NETWORK_PORT = 107
    NO_NETWORK_METADATA = 111


class ErrorDomain(IntEnum):
    """libvirt's error domains (virErrorDomain) that network and interface drivers use."""

    NONE = 0
    XML = 5
    RPC = 7
    NET = 11
    STORAGE = 18
    NETWORK = 19
    DOMAIN = 20
    NODEDEV = 22
    INTERFACE = 26
    SECRET = 30
    NWFILTER = 33
    HOOK = 34
    DBUS = 47
    SNAPSHOT = 35
    CHECKPOINT = 69


@dataclass(frozen=True, slots=True)
class Location:
    """Where in a document an error lies; what is unknown is None."""

    file: str | None = None
    line: int | None = None
    element: str | None = None

    def __str__(self) -> str:
        line = f"line {self.line}" if self.file is None else str(self.line)
        known = (self.file, None if self.line is None else line)
        place = ":".join(part for part in known if part is not None)
        element = f"<{self.element}>" if self.element else ""
        return " ".join(part for part in (place, element) if part)


class PasarelaError(Exception):
    """The root of the tree; never raised itself."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    default_domain: ClassVar[ErrorDomain] = ErrorDomain.NETWORK
    template: ClassVar[str] = "internal error: {}"

    def __init__(
        self,
        detail: str,
        *,
        domain: ErrorDomain | None = None,
        location: Location | None = None,
        remedy: str | None = None,
        errno: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.domain = self.default_domain if domain is None else domain
        self.location = location
        self.remedy = remedy
        self.errno = errno

    @property
    def message(self) -> str:
        """The full text: libvirt's prefix for the code, then the detail."""
        return self.template.format(self.detail)

    def __str__(self) -> str:
        return self.message


class XmlError(PasarelaError):
    """The document is wrong."""


class XmlSyntaxError(XmlError):
    code = ErrorCode.XML_DETAIL
    template = "{}"


class XmlContentError(XmlError):
    code = ErrorCode.XML_ERROR
    template = "XML error: {}"


class XmlSchemaError(XmlError):
    code = ErrorCode.XML_INVALID_SCHEMA
    default_domain = ErrorDomain.XML
    template = "XML document failed to validate against schema: {}"


class MissingName(XmlError):
    """The document has no name; libvirt's text for it takes no detail."""

    code = ErrorCode.NO_NAME
    template = "missing name information"


class NotFound(PasarelaError):
    """What was asked for does not exist."""


class NetworkNotFound(NotFound):
    code = ErrorCode.NO_NETWORK
    template = "Network not found: {}"


class PortNotFound(NotFound):
    code = ErrorCode.NO_NETWORK_PORT
    template = "network port not found: {}"


class InterfaceNotFound(NotFound):
    code = ErrorCode.NO_INTERFACE
    default_domain = ErrorDomain.INTERFACE
    template = "Interface not found: {}"


class MetadataNotFound(NotFound):
    code = ErrorCode.NO_NETWORK_METADATA
    template = "metadata not found: {}"


class Refused(PasarelaError):
    """The request is understood, and may not be."""


class OperationInvalid(Refused):
    code = ErrorCode.OPERATION_INVALID
    template = "Requested operation is not valid: {}"


class OperationFailed(Refused):
    code = ErrorCode.OPERATION_FAILED
    template = "operation failed: {}"


class OperationUnsupported(Refused):
    code = ErrorCode.OPERATION_UNSUPPORTED
    template = "Operation not supported: {}"


class NotSupportedByDriver(Refused):
    code = ErrorCode.NO_SUPPORT
    template = "this function is not supported by the connection driver: {}"


class NoDriver(Refused):
    code = ErrorCode.NO_CONNECT
    default_domain = ErrorDomain.NONE
    template = "no connection driver available for {}"


class ConfigUnsupported(Refused):
    code = ErrorCode.CONFIG_UNSUPPORTED
    template = "unsupported configuration: {}"


class ArgumentUnsupported(Refused):
    code = ErrorCode.ARGUMENT_UNSUPPORTED
    default_domain = ErrorDomain.NONE
    template = "argument unsupported: {}"


class InvalidArgument(Refused):
    code = ErrorCode.INVALID_ARG
    template = "invalid argument: {}"


class UnsupportedFlags(InvalidArgument):
    """A flag that the function does not know; libvirt prints this one without its prefix."""

    template = "{}"


class WrongArgument(InvalidArgument):
    """Arguments that do not go together; libvirt prints these without its prefix."""

    template = "{}"


class InvalidMac(Refused):
    code = ErrorCode.INVALID_MAC
    template = "invalid MAC address: {}"


class AuthFailed(Refused):
    code = ErrorCode.AUTH_FAILED
    default_domain = ErrorDomain.RPC
    template = "authentication failed: {}"


class ValueOverflow(Refused):
    code = ErrorCode.OVERFLOW
    template = "numerical overflow: {}"


class PortExists(Refused):
    code = ErrorCode.NETWORK_PORT_EXIST
    template = "network port {} exists already"


class MultipleInterfaces(Refused):
    code = ErrorCode.MULTIPLE_INTERFACES
    default_domain = ErrorDomain.INTERFACE
    template = "multiple matching interfaces found: {}"


class ReadOnly(Refused):
    code = ErrorCode.OPERATION_DENIED
    template = "operation forbidden: {}"


class HostnetFileError(Refused):
    """A file that says what the host's interfaces are cannot be read; the location says where."""

    code = ErrorCode.OPERATION_FAILED
    default_domain = ErrorDomain.INTERFACE
    template = "operation failed: {}"


class HostnetRefused(Refused):
    """A change of the host's interfaces that would cut it off, or that its files cannot say."""

    code = ErrorCode.OPERATION_FAILED
    default_domain = ErrorDomain.INTERFACE
    template = "operation failed: {}"


class ServiceFailed(Refused):
    """Another program on the host refused, over D-Bus, or does not answer."""

    code = ErrorCode.DBUS_SERVICE
    default_domain = ErrorDomain.DBUS
    template = "error from service: {}"


class HookFailed(Refused):
    code = ErrorCode.HOOK_SCRIPT_FAILED
    default_domain = ErrorDomain.HOOK
    template = "Hook script execution failed: {}"


class StoreOwned(Refused):
    """Another daemon owns the files on disk, so nothing may be written."""


class HostError(PasarelaError):
    """The machine said no."""


class SystemCallFailed(HostError):
    code = ErrorCode.SYSTEM_ERROR
    default_domain = ErrorDomain.NONE
    template = "{}"


class InternalError(HostError):
    """libvirt's catch-all code, which it also uses for many refusals."""
