"""REST and MCP: the use cases of the workbench for programs."""
