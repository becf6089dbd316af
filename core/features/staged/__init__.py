"""Networks in stages (ResNet, ConvNeXt, Swin ...) of stock Keras layers, with weights from safetensors.

One module a family; ``layers`` makes a layer with the tensors of PyTorch, ``conversion`` writes the stored file.
"""
