"""Graft on a cluster of two machines: namespaces with Ray, PostgreSQL and an S3 server (``make test-cluster``)."""
