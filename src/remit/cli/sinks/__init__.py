"""Where findings go besides a terminal: one notice, and a renderer for each place that reads such things.

What a policy says is text to every one of them. Each renderer escapes what its reader would take for more than that.
"""

from remit.cli.sinks.github import github
from remit.cli.sinks.junit import junit
from remit.cli.sinks.markdown import cell
from remit.cli.sinks.notice import Level, Notice, located
from remit.cli.sinks.sarif import sarif
from remit.cli.sinks.sheet import sheet

__all__ = ["Level", "Notice", "cell", "github", "junit", "located", "sarif", "sheet"]
