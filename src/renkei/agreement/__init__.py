"""The agreement of 2021-03-18 (申合せ) as data, and the decisions that its text leaves open.

Standard library only: no clock, no settings, no logging. Everything here is read from `tables/` or stated
once; `description.describe` gives it all as plain data. This file re-exports nothing on purpose: a module is
imported where it is used, so that `renkei delivery` does not read tables that it does not need.
"""
