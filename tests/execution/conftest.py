"""What tests of executors share: a Ray cluster of this machine, where Ray is installed."""

import os
from collections.abc import Iterator
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def ray() -> Iterator[ModuleType]:
    """A cluster of two CPUs."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    module = pytest.importorskip("ray", reason="Ray is not installed: pip install 'automl[ray]'")
    module.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        object_store_memory=100 * 2**20,
        log_to_driver=False,
        logging_level="WARNING",
    )
    yield module
    module.shutdown()
