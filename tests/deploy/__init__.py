"""The files of ``deploy/`` and a real OpenID provider, run here: `make test-deploy`.

Needs Debian's nginx, caddy, glewlwyd and chromium.
"""
