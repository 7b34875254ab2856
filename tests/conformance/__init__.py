"""Published figures against the engine: each family of cases is said as a rulebook and a snapshot, and compared.

    cases.py      what a case holds, and which of its words were read
    words.py      words and units: the only place where a figure is rewritten
    adapters/     one function a family: a case in, trials out; no arithmetic (a test looks)
    books.py      a rulebook's own files with tables, contracts and weights laid over them
    asked.py      a trial walked: what the engine answers
    compare.py    an answer against a printed figure, within its tolerance
    report.py     a line a file: via shipped rulebook, via family rulebook, failed, unsupported
    families/     rulebooks of families whose venue has none of its own here

`python -m tests.conformance [--cases DIR]` prints the report; `RISKRULES_CASES` names the folder too.
"""
