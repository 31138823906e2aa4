"""A cluster in a box: manifests are read and checked here, then run on virtual time.

The contract is docs/cluster.md.
"""

from coursekit.devops.cluster.engine import Live, run
from coursekit.devops.cluster.memory import Process
from coursekit.devops.cluster.timeline import Timeline
from coursekit.devops.cluster.world import App, Cluster, Fault, Metric, Node, Traffic

__all__ = [
    "App",
    "Cluster",
    "Fault",
    "Live",
    "Metric",
    "Node",
    "Process",
    "Timeline",
    "Traffic",
    "run",
]
