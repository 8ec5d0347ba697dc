"""renkei.simulation"""
