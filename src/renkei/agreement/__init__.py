"""renkei.agreement"""
