"""The Open Inference Protocol, version 2, over HTTP: an oracle that speaks it, and a server for any oracle.

Protocol: https://github.com/kserve/open-inference-protocol (REST); binary tensors: Triton's extension
``binary_tensor_data``.
"""
