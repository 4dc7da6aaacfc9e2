"""What AWS said, unchanged: saved describe answers as typed records.

``load`` reads a folder, ``snapshot`` is what it gives, ``index`` joins its records, ``section``
says what can be read and ``records`` what it becomes.  Must not know what AWS's words mean to a
packet, nor nodes, solver or command line.
"""
