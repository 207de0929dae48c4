"""What looks like a credential: by the name of its place, or by its form."""

import re

#: Names of headers, variables and fields that hold credentials.
NAMES = re.compile(
    r"(?:^(?:proxy-)?authorization|^cookie|api[-_]?key|[-_]token|^token|secret|passw(?:or)?d)$",
    re.IGNORECASE,
)
#: An option of a program that holds a credential, by itself or with its value.
OPTION = re.compile(
    r"--?(?!no-)(?:\w+-)*(?:password|passwd|token|secret|api-?key)(?:=(?P<value>.+))?",
    re.IGNORECASE | re.DOTALL,
)
#: The password in an address.
IN_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]*:(?P<password>[^\s/@]+)@", re.IGNORECASE
)
#: A credential in the query of an address.
IN_QUERY = re.compile(
    r"[?&](?:api[-_]?key|(?:access|auth|api)[-_]?token|token|(?:client[-_])?secret|passw(?:or)?d)="
    r"(?P<value>[^&#\s]{6,})",
    re.IGNORECASE,
)
#: What stands for a credential and is none.
STAND_IN = re.compile(
    r"[*x.]+|<.*>|\{.*\}|\$.*|%.*|pass(?:word|wd)?|secret|changeme|(?:your|my)[-_].*", re.IGNORECASE
)
#: Credentials that can be told by their form: of model providers, code hosts, clouds, chats; a
#: signed token; a private key.
FORMS = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20,}|\bgh[opsu]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}"
    r"|\bAKIA[A-Z0-9]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
