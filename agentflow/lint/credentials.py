"""Texts that look like credentials, by the name of their place or by their form."""

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
    r"[?&](?:api[-_]?key|(?:access|auth|api)[-_]?token|token|(?:client[-_])?secret|passw(?:or)?d|sig)="
    r"(?P<value>[^&#\s]{6,})",
    re.IGNORECASE,
)
#: What stands for a credential and is none.
STAND_IN = re.compile(
    r"[*x.]+|<.*>|\{.*\}|\$.*|%.*|pass(?:word|wd)?|secret|changeme|(?:your|my)[-_].*", re.IGNORECASE
)
#: Addresses that whoever knows them can post to: of chats, and of what starts a flow somewhere.
_WEBHOOKS = (
    r"hooks\.slack\.com/(?:services|workflows|triggers)/(?=[\w/]*[a-z])[A-Za-z0-9_/]{20,}"
    r"|discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{10,}/[\w-]{20,}"
    r"|webhook\.office\.com/webhookb2/[\w@-]{30,}/|outlook\.office(?:365)?\.com/webhook/[\w@-]{30,}/"
    r"|chat\.googleapis\.com/v1/spaces/[\w-]+/messages\?\S{0,200}\btoken=[\w%-]{10,}"
    r"|hooks\.zapier\.com/hooks/catch/\d+/\w{5,}|api\.telegram\.org/bot\d{6,}:[\w-]{30,}"
)
#: Credentials that can be told by their form, of which lists such as that of gitleaks tell: of
#: model providers, code hosts and registries, clouds, chats, mail, payments; a signed token; a
#: private key. A word begins once, and elsewhere none is tried; the head of a token has a longest,
#: so that a text that is nothing but heads is gone through all the same.
FORMS = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{20,}|(?:gsk_|hf_|r8_|xai-|pplx-)[A-Za-z0-9]{30,}|(?:nvapi|tvly)-[A-Za-z0-9_-]{20,}"
    r"|gh[oprsu]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,}"
    r"|npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{40,}|dckr_pat_[A-Za-z0-9_-]{20,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}\b|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"
    r"|do[opr]_v1_[a-f0-9]{40,}|dapi[a-f0-9]{32}\b|hv[sb]\.[A-Za-z0-9_-]{24,}|AccountKey=[A-Za-z0-9+/]{40,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
    r"|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|lin_api_[A-Za-z0-9]{30,}|ntn_[A-Za-z0-9]{30,}|AGE-SECRET-KEY-1[A-Z0-9]{40,}"
    rf"|eyJ[A-Za-z0-9_-]{{10,1000}}\.eyJ[A-Za-z0-9_-]{{10,}}\.|{_WEBHOOKS})|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
