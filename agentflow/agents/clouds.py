"""Clouds that need more than a key: whether anybody is signed in, as far as this machine can tell.

Azure needs an address and a key or an identity. AWS and Google try a chain of ways to sign in, the
last of which is the machine itself. To avoid false alarms, nothing is reported on machines of the
cloud, and of a file only its existence is checked.

Sources: `litellm/llms/azure/common_utils.py`, `litellm/llms/bedrock/base_aws_llm.py`,
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html,
https://cloud.google.com/docs/authentication/application-default-credentials
"""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

#: Variables that have to be set together.
Together = tuple[str, ...]


class Machine(Struct, frozen=True):
    """What of a machine tells who is signed in: variables, the home folder, who made it."""

    environment: Mapping[str, str]
    home: Path
    maker: str = ""

    def has(self, *names: str) -> bool:
        """Are these variables set?"""
        return all(self.environment.get(name) for name in names)

    def has_file(self, variable: str, *default: str) -> bool:
        """Is there the file that a variable names, or else one in the home folder?"""
        named = self.environment.get(variable)
        return (Path(named) if named else self.home.joinpath(*default)).is_file()


class SignIn(Struct, frozen=True):
    """How to sign in at a provider: any one of `ways`, and its `address` if it needs one."""

    ways: tuple[Together, ...]
    address: str | None = None


_AZURE = SignIn(
    (
        ("AZURE_API_KEY",),
        ("AZURE_OPENAI_API_KEY",),
        ("AZURE_AD_TOKEN",),
        ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
        ("AZURE_CLIENT_ID", "AZURE_USERNAME", "AZURE_PASSWORD"),
    ),
    address="AZURE_API_BASE",
)
_AWS = SignIn(
    (
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_BEARER_TOKEN_BEDROCK",),
        ("AWS_PROFILE",),
        ("AWS_PROFILE_NAME",),
        ("AWS_DEFAULT_PROFILE",),
        ("AWS_ROLE_NAME",),
        ("AWS_WEB_IDENTITY_TOKEN",),
        ("AWS_WEB_IDENTITY_TOKEN_FILE",),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
    )
)
_GOOGLE = SignIn(
    (
        ("GOOGLE_APPLICATION_CREDENTIALS",),
        ("VERTEXAI_CREDENTIALS",),
        ("GCE_METADATA_HOST",),
        ("K_SERVICE",),
    )
)
#: By the provider's name at LiteLLM.
_SIGN_INS = {
    "azure": _AZURE,
    "azure_ai": SignIn((("AZURE_AI_API_KEY",), *_AZURE.ways), address="AZURE_AI_API_BASE"),
    "bedrock": _AWS,
    "bedrock_converse": _AWS,
    "sagemaker": _AWS,
    "sagemaker_chat": _AWS,
    "vertex_ai": _GOOGLE,
}
#: How many ways a message names.
_NAMED = 3


def missing(provider: str, address: str | None, machine: Machine) -> str | None:
    """What has to be there before a model of a cloud can be called, in words.

    None if nothing is missing for sure, and for providers that are no clouds. `address` is that of
    the spec: what is there may do without credentials.
    """
    # The table of models has Google's by what they do: `vertex_ai-language-models`.
    sign_in = _SIGN_INS.get(provider.partition("-")[0])
    if sign_in is None or address is not None:
        return None
    lacking: list[str] = []
    if sign_in.address is not None and not machine.has(sign_in.address):
        lacking.append(f"'{sign_in.address}' is not set")
    if not any(machine.has(*names) for names in sign_in.ways) and not _by_itself(sign_in, machine):
        ways = [" with ".join(f"'{name}'" for name in names) for names in sign_in.ways[:_NAMED]]
        files = "".join(f", and there is no {file}" for file in _files(sign_in))
        lacking.append(f"{' or '.join(ways)} is not set{files}")
    if sign_in is _GOOGLE and not _is_installed("google.auth"):
        lacking.append("the package 'google-auth' is not installed")
    return " and ".join(lacking) or None


def _by_itself(sign_in: SignIn, machine: Machine) -> bool:
    """Is somebody signed in without a variable: by a file, or by the machine?"""
    if sign_in is _AWS:
        return (
            machine.has_file("AWS_SHARED_CREDENTIALS_FILE", ".aws", "credentials")
            or machine.has_file("AWS_CONFIG_FILE", ".aws", "config")
            or "Amazon" in machine.maker
        )
    if sign_in is _GOOGLE:
        own = (".config", "gcloud", "application_default_credentials.json")
        folder = machine.environment.get("CLOUDSDK_CONFIG")
        elsewhere = bool(folder) and Path(folder or "", own[-1]).is_file()
        return elsewhere or machine.home.joinpath(*own).is_file() or "Google" in machine.maker
    return False


def _files(sign_in: SignIn) -> Iterator[str]:
    if sign_in is _AWS:
        yield "~/.aws/credentials"
    if sign_in is _GOOGLE:
        yield "application_default_credentials.json"


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


def this_machine(environment: Mapping[str, str]) -> Machine:
    """The machine that this runs on. Linux says who made it, other systems do not."""
    try:
        maker = Path("/sys/class/dmi/id/sys_vendor").read_text().strip()
    except OSError:
        maker = ""
    return Machine(environment, Path(os.path.expanduser("~")), maker)
