"""remit: the area over which someone has been given authority, a role in a scope.

The rooms of this house and their one direction (an arrow reads "may import"):

    errors                 every exception we raise; everyone may import it
    core                   pure: bytes of policy in, decisions and reasons out
    service  -> core       what can be asked of the house, and the one door that decides it
    adapters -> core, service.ports    the world behind the ports
    web, cli -> core.model, service.gate, service.operations    faces; they decide nothing
    client -> core.model   what other services import to ask
    bootstrap -> everyone  the composition root; `entry` is the command, `serving` the server under the faces,
                           `sources` says where policies come from, `following` lets a changed one go live,
                           `workers` puts a server together, as one process or several, which `supervising` keeps
                           and `nursery` begins

Start reading at `service/operations.py`; the semantics live in `core/pdp.py`.
"""

__version__ = "0.1.0"
