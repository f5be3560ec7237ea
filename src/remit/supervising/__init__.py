"""Several processes that answer as one: `remit serve --workers N`.

The supervisor follows the source, and checks what it holds; workers answer, each by a snapshot of its own. A pipe leads
to each: down it go the files of what is live and how it stands, up it what was taken. Who dies is replaced; who does
not take what is live is told, and then replaced; and whose supervisor dies ends.
"""

from remit.supervising.orders import Orders
from remit.supervising.standing import Handed
from remit.supervising.supervisor import Patience, Supervisor, told_by_signals

__all__ = ["Handed", "Orders", "Patience", "Supervisor", "told_by_signals"]
