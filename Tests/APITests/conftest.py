"""A server of its own with demo data, for tests that send it anything at all."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from deployment import Deployment


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp("deployment"), demo=True)
    yield deployment
    deployment.stop()
