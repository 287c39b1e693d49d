"""Says at the end of a run of these tests what they did, in figures that can be quoted."""

import pytest

FIGURES = "chaos"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {told}"
        for report in terminalreporter.getreports("passed")
        for name, told in report.user_properties
        if name == FIGURES
    ]
    if lines:
        terminalreporter.section("chaos")
        for line in lines:
            terminalreporter.write_line(line)
