"""renkei.matching"""
