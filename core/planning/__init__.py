"""Look before training: is there an earlier run to reuse, what will it cost, what should be confirmed first?"""
