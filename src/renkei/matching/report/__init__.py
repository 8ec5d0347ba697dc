"""What a result amounts to: counts, tables and charts as one self-contained HTML page, small cells protected."""
