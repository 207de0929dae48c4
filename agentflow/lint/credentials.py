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
    r"\bhooks\.slack\.com/(?:services|workflows|triggers)/(?=[\w/]*[a-z])[A-Za-z0-9_/]{20,}"
    r"|\bdiscord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{10,}/[\w-]{20,}"
    r"|\b(?:[\w-]+\.webhook\.office\.com/webhookb2|outlook\.office(?:365)?\.com/webhook)/[\w@-]{30,}/"
    r"|\bchat\.googleapis\.com/v1/spaces/[\w-]+/messages\?\S*\btoken=[\w%-]{10,}"
    r"|\bhooks\.zapier\.com/hooks/catch/\d+/\w{5,}|\bapi\.telegram\.org/bot\d{6,}:[\w-]{30,}"
)
#: Credentials that can be told by their form, of which lists such as that of gitleaks tell: of model
#: providers, code hosts and registries, clouds, chats, mail, payments; a signed token; a private key.
FORMS = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20,}|\b(?:gsk_|hf_|r8_|xai-|pplx-)[A-Za-z0-9]{30,}|\b(?:nvapi|tvly)-[A-Za-z0-9_-]{20,}"
    r"|\bgh[oprsu]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}|\bgl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,}"
    r"|\bnpm_[A-Za-z0-9]{36}|\bpypi-AgEI[A-Za-z0-9_-]{40,}|\bdckr_pat_[A-Za-z0-9_-]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}"
    r"|\bdo[opr]_v1_[a-f0-9]{40,}|\bdapi[a-f0-9]{32}\b|\bhv[sb]\.[A-Za-z0-9_-]{24,}|\bAccountKey=[A-Za-z0-9+/]{40,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{24,}|\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"
    r"|\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|\blin_api_[A-Za-z0-9]{30,}|\bntn_[A-Za-z0-9]{30,}|\bAGE-SECRET-KEY-1[A-Z0-9]{40,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rf"|{_WEBHOOKS}"
)
