"""What we take from the official SDK for the Agent2Agent protocol, with its logging kept quiet.

Found in 1.3: what its transports do not recognize as an error of the protocol (a body that is not
JSON, a task without a state) is raised as whatever exception happened to occur, so `UNREADABLE`
lists those. Its data are `google.protobuf.Struct`, in which every number is a double, as in the
protocol.
"""

import logging

from a2a.client.card_resolver import A2ACardResolver
from a2a.client.client import Client, ClientConfig
from a2a.client.client_factory import ClientFactory
from a2a.client.errors import A2AClientError, AgentCardResolutionError
from a2a.types import (
    AgentCard,
    AgentInterface,
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    Task,
    TaskState,
)
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import (
    A2AError,
    ContentTypeNotSupportedError,
    ExtensionSupportRequiredError,
    InvalidParamsError,
    InvalidRequestError,
    JSONParseError,
    MethodNotFoundError,
    UnsupportedOperationError,
    VersionNotSupportedError,
)
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.struct_pb2 import Value

#: What an agent says instead of doing what it was asked for. Of every other error nobody knows
#: what was done before.
REFUSALS = (
    ContentTypeNotSupportedError,
    ExtensionSupportRequiredError,
    InvalidParamsError,
    InvalidRequestError,
    JSONParseError,
    MethodNotFoundError,
    UnsupportedOperationError,
    VersionNotSupportedError,
)
#: An answer that is none in the protocol.
UNREADABLE = (A2AClientError, ParseError, KeyError, TypeError, ValueError)
#: How messages may travel, the one that is taken first if the card has several.
BINDINGS = [TransportProtocol.JSONRPC, TransportProtocol.HTTP_JSON]

__all__ = [
    "BINDINGS",
    "REFUSALS",
    "UNREADABLE",
    "A2ACardResolver",
    "A2AError",
    "AgentCard",
    "AgentCardResolutionError",
    "AgentInterface",
    "CancelTaskRequest",
    "Client",
    "ClientConfig",
    "ClientFactory",
    "GetTaskRequest",
    "Message",
    "MessageToDict",
    "ParseDict",
    "Part",
    "Role",
    "SendMessageConfiguration",
    "SendMessageRequest",
    "StreamResponse",
    "Task",
    "TaskState",
    "Value",
]

for _name in ("a2a", "httpx", "httpcore"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
