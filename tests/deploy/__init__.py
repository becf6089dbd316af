"""The files of ``deploy/``, run here: `make test-deploy`; needs Debian's nginx, caddy and chromium."""
