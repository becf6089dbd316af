"""ONNX files as bytes: read, checked and rewritten without executing anything, and without the package ``onnx``.

An ONNX file is a protobuf (``onnx.proto3`` of the ONNX specification). ``wire`` reads the format, ``model`` its
messages; ``refusals`` says what cannot be used, ``points`` where a network can be cut, ``counting`` what its blocks
cost; ``rewriting`` writes another file.
"""
