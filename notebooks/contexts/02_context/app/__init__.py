"""The service: which language is this sentence?"""
