"""The Wan API, served from this machine.

The same paths, shapes and states as Alibaba's service, with an engine that needs
no GPU and no key: good for rehearsals, for tests, and as the default where no key
is configured. Importing this package loads no web server and no codec.

Examples
--------
>>> from wan_magic.server import Server, ServerOptions
>>> with Server(ServerOptions(prefix="/qwen")) as server:  # doctest: +SKIP
...     print(server.base_url)
http://127.0.0.1:40123/qwen/api/v1
"""

from wan_magic.server.host import Server, embedded, serve_forever
from wan_magic.server.options import ServerOptions
from wan_magic.server.trouble import Faults

__all__ = ["Faults", "Server", "ServerOptions", "embedded", "serve_forever"]
